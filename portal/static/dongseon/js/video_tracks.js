/** The boxes of tracks over a tile: where the analysis saw people and vehicles, between its looks on a straight line. */
import { get } from "./api.js";

const CHUNK_S = 20;
const HOLD_S = 0.5;
const LONGEST_GAP_S = 2;

/** @param {Object} tile @returns {{draw: Function, at: Function, hit: Function, load: Function, clear: Function}} */
export function addTracks(tile) {
  const { canvas, stage } = tile;
  let chunks = new Map();
  let isOn = false;

  /** Fetch what is seen around `seconds`, once. */
  function load(seconds) {
    const n = Math.max(0, Math.floor(seconds / CHUNK_S));
    if (!chunks.has(n)) {
      const mine = chunks;
      const url = new URL(tile.footage.tracks, location.href);
      url.searchParams.set("from_s", Math.max(0, n * CHUNK_S - LONGEST_GAP_S));
      url.searchParams.set("until_s", (n + 1) * CHUNK_S + LONGEST_GAP_S);
      mine.set(n, get(url).then((rows) => { mine.set(n, rows); draw(); return rows; }, () => { mine.delete(n); return []; }));
    }
    return chunks.get(n);
  }

  /** @returns {{sighting: number, kind: string, box: number[], from: number, until: number}[]} what stands where at `seconds`, as far as it is loaded */
  function at(seconds) {
    const rows = tile.footage ? load(seconds) : [];
    if (!Array.isArray(rows)) return [];
    return rows.flatMap((row) => {
      const box = boxAt(row.boxes, seconds);
      return box ? [{ ...row, box, from: row.boxes[0][0], until: row.boxes.at(-1)[0] }] : [];
    });
  }

  function draw() {
    const seen = isOn && tile.state === "ready" ? at(tile.shownS) : [];
    if (!seen.length && canvas.hidden) return;
    canvas.hidden = !seen.length;
    const zoom = Math.min(4, Number(stage.style.getPropertyValue("--zoom")) || 1) * devicePixelRatio;
    const [width, height] = [Math.round(stage.clientWidth * zoom), Math.round(stage.clientHeight * zoom)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const scale = width / (tile.footage?.recording.width || 1);
    for (const row of seen) drawBox(pen, row, row.box.map((edge) => edge * scale));
  }

  /** The smallest box below the pointer. */
  function hit({ clientX, clientY }) {
    if (!isOn || tile.state !== "ready") return null;
    const area = stage.getBoundingClientRect();
    const scale = tile.footage.recording.width / area.width;
    const [x, y] = [(clientX - area.left) * scale, (clientY - area.top) * scale];
    const size = ({ box: [x1, y1, x2, y2] }) => (x2 - x1) * (y2 - y1);
    const below = at(tile.shownS).filter(({ box: [x1, y1, x2, y2] }) => x >= x1 && x <= x2 && y >= y1 && y <= y2);
    return below.sort((a, b) => size(a) - size(b))[0] ?? null;
  }

  return {
    at, draw, hit, load,
    clear() { chunks = new Map(); draw(); },
    turn(on) { isOn = on; draw(); },
  };
}

function boxAt(boxes, seconds) {
  const after = boxes.findIndex(([time]) => time > seconds);
  const [a, b] = after < 0 ? [boxes.at(-1), null] : [boxes[after - 1], boxes[after]];
  if (a && b && b[0] - a[0] <= LONGEST_GAP_S) {
    const share = (seconds - a[0]) / (b[0] - a[0]);
    return a.slice(1).map((edge, at) => edge + (b[at + 1] - edge) * share);
  }
  const nearest = [a, b].filter(Boolean).sort((one, two) => Math.abs(one[0] - seconds) - Math.abs(two[0] - seconds))[0];
  return nearest && Math.abs(nearest[0] - seconds) <= HOLD_S ? nearest.slice(1) : null;
}

/** People in whole frames, vehicles in corners; each sighting keeps its colour. */
function drawBox(pen, { sighting, kind }, [x1, y1, x2, y2]) {
  const colour = `hsl(${(sighting * 67) % 360} 55% 72%)`;
  const corner = Math.min(x2 - x1, y2 - y1) / 4;
  const shape = new Path2D();
  if (kind === "vehicle") {
    for (const [x, y, dx, dy] of [[x1, y1, 1, 1], [x2, y1, -1, 1], [x1, y2, 1, -1], [x2, y2, -1, -1]]) {
      shape.moveTo(x + dx * corner, y);
      shape.lineTo(x, y);
      shape.lineTo(x, y + dy * corner);
    }
  } else shape.roundRect(x1, y1, x2 - x1, y2 - y1, 4);
  const dot = devicePixelRatio;
  for (const [style, width] of [["rgb(8 12 18 / 70%)", 4 * dot], [colour, 2 * dot]]) {
    Object.assign(pen, { strokeStyle: style, lineWidth: width });
    pen.stroke(shape);
  }
  pen.font = `600 ${11 * dot}px sans-serif`;
  const text = String(sighting);
  const [left, top] = [x1, Math.max(0, y1 - 15 * dot)];
  pen.fillStyle = colour;
  pen.fillRect(left, top, pen.measureText(text).width + 8 * dot, 14 * dot);
  pen.fillStyle = "#0b1017";
  pen.fillText(text, left + 4 * dot, top + 11 * dot);
}
