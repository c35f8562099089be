/** A camera on the canvas: a small circle, and a wedge where it looks. */

const WEDGE_PX = 20;
const WEDGE_FROM_ZOOM = 14;

/** Leaflet is loaded before the modules run, so the class can be made at once. */
export const CameraMarker = L.CircleMarker.extend({
  _updateBounds() {
    L.CircleMarker.prototype._updateBounds.call(this);
    // The canvas repaints within these bounds; the wedge lies outside the circle.
    this._pxBounds = this._pxBounds.extend(this._point.subtract([WEDGE_PX, WEDGE_PX])).extend(this._point.add([WEDGE_PX, WEDGE_PX]));
  },

  _updatePath() {
    const renderer = this._renderer;
    if (renderer?._drawing && !this._empty() && this._map.getZoom() >= WEDGE_FROM_ZOOM) drawWedge(renderer._ctx, this);
    L.CircleMarker.prototype._updatePath.call(this);
  },
});

function drawWedge(context, marker) {
  const { bearing, view, fillColor } = marker.options;
  if (bearing === null || bearing === undefined) return;
  const { x, y } = marker._point;
  // A bearing counts clockwise from north; the canvas counts clockwise from east.
  const towards = ((bearing - 90) * Math.PI) / 180;
  const half = ((Math.min(view, 170) / 2) * Math.PI) / 180;
  context.beginPath();
  context.moveTo(x, y);
  context.arc(x, y, WEDGE_PX, towards - half, towards + half);
  context.closePath();
  context.globalAlpha = 0.28;
  context.fillStyle = fillColor;
  context.fill();
  context.globalAlpha = 1;
}
