/** One canvas for all cameras: painted anew when the view leaves what is painted, carried along by the map between. */

/** Leaflet is loaded before the modules run, so the class can be made at once. */
export const CameraCanvas = L.Renderer.extend({
  options: { padding: 0.25 },

  /** @param {(context: CanvasRenderingContext2D, bounds: L.Bounds) => void} paint  `bounds` in pixels of the map's layer */
  initialize(paint, options) {
    L.Renderer.prototype.initialize.call(this, options);
    this._paint = paint;
  },

  /** Paint before the next picture of the screen, once however often it is asked for. */
  repaint() {
    this._frame ??= requestAnimationFrame(() => {
      this._frame = null;
      if (this._map) this._draw();
    });
  },

  getEvents() {
    return { ...L.Renderer.prototype.getEvents.call(this), move: this._onMove };
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._context = this._container.getContext("2d");
  },

  _destroyContainer() {
    cancelAnimationFrame(this._frame);
    this._frame = null;
    this._container.remove();
    this._container = null;
  },

  _onMove() {
    if (this._map.getZoom() !== this._zoom || this._map._animatingZoom) return;
    const size = this._map.getSize();
    const corner = this._map.containerPointToLayerPoint([0, 0]);
    if (!this._bounds.contains(L.bounds(corner, corner.add(size)))) this._isAway = true;
    if (this._isAway) this.repaint();
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    this._isAway = true;
    this._draw();
  },

  _draw() {
    if (this._map._animatingZoom) return; // at its end the map asks again
    if (this._isAway) this._place();
    const { x, y } = this._bounds.min;
    const ratio = devicePixelRatio;
    this._context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this._context.clearRect(0, 0, this._container.width, this._container.height);
    this._context.translate(-x, -y);
    this._paint(this._context, this._bounds);
  },

  _place() {
    this._isAway = false;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(size.x * ratio), Math.round(size.y * ratio)];
    L.DomUtil.setPosition(this._container, this._bounds.min);
    if (this._container.width === width && this._container.height === height) return;
    this._container.width = width;
    this._container.height = height;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
  },
});
