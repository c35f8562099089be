/** How cameras look: chosen ones full and blue, others hollow and grey, marks for what is wrong with them. */
import { token } from "./dom.js";

const SPRITE_PX = 26;
const WEDGE_FROM_ZOOM = 15;
const FULL = 2 * Math.PI;

/** Everything in the colours of the theme in force; made anew when it changes. */
export function createGlyphs() {
  const [on, off, edge] = ["--map-camera", "--line-strong", "--map-camera-edge"].map(token);
  const [raised, text, warn] = ["--raised", "--text", "--warn"].map(token);
  const font = `600 11px ${token("--font")}`;
  const sprites = new Map();

  function sprite(isChosen, mark) {
    const key = `${isChosen} ${mark}`;
    if (!sprites.has(key)) sprites.set(key, paintSprite(isChosen, mark));
    return sprites.get(key);
  }

  function paintSprite(isChosen, mark) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SPRITE_PX * devicePixelRatio;
    const context = canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    context.translate(SPRITE_PX / 2, SPRITE_PX / 2);
    if (isChosen) full(context);
    else hollow(context, mark);
    if (mark === "retired") cross(context, isChosen ? edge : off);
    if (mark === "maintenance") badge(context);
    return canvas;
  }

  function disc(context, radius, colour) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(0, 0, radius, 0, FULL);
    context.fill();
  }

  function full(context) {
    disc(context, 8, edge);
    disc(context, 6.75, on);
    disc(context, 2.25, edge);
  }

  function hollow(context, mark) {
    disc(context, 6.5, edge);
    disc(context, 4.5, raised);
    context.strokeStyle = off;
    context.lineWidth = 2;
    context.setLineDash(mark === "empty" ? [2.2, 2.2] : []); // nothing recorded: a broken ring
    context.beginPath();
    context.arc(0, 0, 4.5, 0, FULL);
    context.stroke();
    context.setLineDash([]);
  }

  function cross(context, colour) {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    for (const side of [-1, 1]) {
      context.moveTo(-4 * side, -4);
      context.lineTo(4 * side, 4);
    }
    context.stroke();
  }

  function badge(context) {
    context.fillStyle = warn;
    context.strokeStyle = edge;
    context.lineWidth = 1.2;
    context.beginPath();
    for (const [x, y] of [[6.5, -11], [11.5, -2.5], [1.5, -2.5]]) context.lineTo(x, y);
    context.closePath();
    context.fill();
    context.stroke();
  }

  function bubble(context, { x, y, rows, kind }, count) {
    const radius = bubbleRadius(rows.length);
    const isAll = count === rows.length;
    context.fillStyle = edge;
    shape(context, kind, x, y, radius + 1.5);
    context.fill();
    context.fillStyle = isAll ? on : raised;
    shape(context, kind, x, y, radius);
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = isAll ? on : off;
    context.stroke();
    if (count && !isAll) share(context, x, y, radius, count / rows.length);
    context.fillStyle = isAll ? edge : text;
    context.fillText(rows.length, x, y + 0.5);
  }

  /** The ring's blue part is the part that is chosen: never so short that it is missed, never closed. */
  function share(context, x, y, radius, part) {
    context.lineWidth = 4;
    context.strokeStyle = on;
    context.beginPath();
    context.arc(x, y, radius - 0.5, -FULL / 4, -FULL / 4 + FULL * Math.max(0.06, Math.min(0.94, part)));
    context.stroke();
  }

  return {
    /** Called once before the others: wedges below, so that no camera is hidden by where another one looks. */
    begin(context, items, isChosen, zoom) {
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.font = font;
      legs(context, items, off);
      if (zoom < WEDGE_FROM_ZOOM) return;
      const length = 18 + 8 * (zoom - WEDGE_FROM_ZOOM);
      wedges(context, items.filter((item) => !isChosen(item.rows[0].id)), length, off, 0.22);
      wedges(context, items.filter((item) => isChosen(item.rows[0].id)), length, on, 0.26);
    },
    camera(context, { x, y, rows: [row] }, isChosen) {
      context.drawImage(sprite(isChosen, markOf(row)), x - SPRITE_PX / 2, y - SPRITE_PX / 2, SPRITE_PX, SPRITE_PX);
    },
    bubble,
  };
}

/** What is to be known of a camera before it is chosen: "retired", "maintenance", "empty" or nothing. */
export function markOf(row) {
  if (row.status !== "active") return row.status;
  return row.recorded_from === null ? "empty" : ""; // undefined: this person is not told
}

export const bubbleRadius = (count) => 11 + 3 * Math.log10(count) + (count > 999 ? 3 : 0);

/** A pole is a square with round corners: it does not open by zooming in. */
function shape(context, kind, x, y, radius) {
  context.beginPath();
  if (kind === "pole") context.roundRect(x - radius + 1, y - radius + 1, 2 * radius - 2, 2 * radius - 2, 5);
  else context.arc(x, y, radius, 0, FULL);
}

function legs(context, items, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (const { x, y, hub } of items) {
    if (!hub) continue;
    context.moveTo(hub.x, hub.y);
    context.lineTo(x, y);
  }
  context.stroke();
}

function wedges(context, items, length, colour, alpha) {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  for (const { x, y, rows: [row] } of items) {
    if (row.bearing_deg === null || row.bearing_deg === undefined) continue;
    // A bearing counts clockwise from north; the canvas counts clockwise from east.
    const towards = ((row.bearing_deg - 90) * Math.PI) / 180;
    const half = ((Math.min(row.field_of_view_deg, 360) / 2) * Math.PI) / 180;
    context.beginPath();
    context.moveTo(x, y);
    context.arc(x, y, length, towards - half, towards + half);
    context.closePath();
    context.fill();
  }
  context.globalAlpha = 1;
}
