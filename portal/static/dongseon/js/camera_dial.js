/** A compass: where a camera looks and how wide. It can be turned where `onTurn` is given. */

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 44;
const COARSE_DEG = 15;

/**
 * @param {{onTurn?: (deg: number) => void, label?: string}} options
 * @returns {{element: SVGElement, show: (bearing: number|null, view: number) => void}}
 */
export function createDial({ onTurn = null, label = gettext("Direction") } = {}) {
  const wedge = shape("path", { class: "dial-wedge" });
  const needle = shape("circle", { class: "dial-needle", r: 5 });
  const dial = shape("svg", { class: "dial", viewBox: "-52 -52 104 104", "aria-label": label },
    shape("circle", { class: "dial-face", r: RADIUS }), ...ticks(), wedge, shape("circle", { class: "dial-hub", r: 3 }), needle, ...letters());
  let bearing = null;

  function show(deg, view) {
    bearing = deg;
    const isKnown = deg !== null;
    wedge.setAttribute("d", isKnown || view >= 360 ? sector(deg ?? 0, view) : "");
    needle.style.display = isKnown || onTurn ? "" : "none";
    needle.classList.toggle("unset", !isKnown);
    const [x, y] = at(deg ?? 0, RADIUS);
    needle.setAttribute("cx", x);
    needle.setAttribute("cy", y);
    if (!onTurn) return dial.setAttribute("aria-label", `${label}: ${directionText(deg)}`);
    dial.setAttribute("aria-valuenow", Math.round(deg ?? 0));
    return dial.setAttribute("aria-valuetext", directionText(deg));
  }

  function turn(event) {
    const box = dial.getBoundingClientRect();
    const x = event.clientX - box.left - box.width / 2;
    const y = event.clientY - box.top - box.height / 2;
    const deg = degrees(x, y);
    onTurn(event.shiftKey ? (Math.round(deg / COARSE_DEG) * COARSE_DEG) % 360 : deg);
  }

  function onKey(event) {
    const step = event.shiftKey ? COARSE_DEG : 1;
    const steps = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: COARSE_DEG, PageDown: -COARSE_DEG };
    if (event.key in steps) onTurn(((bearing ?? 0) + steps[event.key] + 360) % 360);
    else if (event.key === "Home") onTurn(0);
    else return;
    event.preventDefault();
  }

  if (onTurn) {
    for (const [name, value] of [["role", "slider"], ["tabindex", 0], ["aria-valuemin", 0], ["aria-valuemax", 359]]) dial.setAttribute(name, value);
    dial.classList.add("turnable");
    dial.addEventListener("keydown", onKey);
    dial.addEventListener("pointerdown", (event) => { dial.setPointerCapture(event.pointerId); dial.focus(); turn(event); event.preventDefault(); });
    dial.addEventListener("pointermove", (event) => dial.hasPointerCapture(event.pointerId) && turn(event));
  } else dial.setAttribute("role", "img");
  show(null, 0);
  return { element: dial, show };
}

/** 120° south-east */
export function directionText(deg) {
  if (deg === null || deg === undefined) return gettext("unknown");
  const names = [gettext("north"), gettext("north-east"), gettext("east"), gettext("south-east"), gettext("south"),
    gettext("south-west"), gettext("west"), gettext("north-west")];
  return `${Math.round(deg)}° ${names[Math.round(deg / 45) % 8]}`;
}

/** The whole degrees clockwise from north of a point, x to the right and y down. */
export const degrees = (x, y) => (Math.round((Math.atan2(x, -y) * 180) / Math.PI) + 360) % 360;

function at(deg, radius) {
  const angle = (deg * Math.PI) / 180;
  return [(radius * Math.sin(angle)).toFixed(2), (-radius * Math.cos(angle)).toFixed(2)];
}

function sector(deg, view) {
  if (view >= 360) return `M0 ${-RADIUS}A${RADIUS} ${RADIUS} 0 1 1 0 ${RADIUS}A${RADIUS} ${RADIUS} 0 1 1 0 ${-RADIUS}`;
  const [from, until] = [at(deg - view / 2, RADIUS), at(deg + view / 2, RADIUS)];
  return `M0 0L${from}A${RADIUS} ${RADIUS} 0 ${view > 180 ? 1 : 0} 1 ${until}Z`;
}

function ticks() {
  return Array.from({ length: 24 }, (_, n) => {
    const [x1, y1] = at(n * 15, n % 6 ? RADIUS - 3 : RADIUS - 7);
    const [x2, y2] = at(n * 15, RADIUS);
    return shape("line", { class: "dial-tick", x1, y1, x2, y2 });
  });
}

function letters() {
  const north = shape("text", { class: "dial-letter", x: 0, y: -26 });
  north.textContent = gettext("N");
  return [north];
}

function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
