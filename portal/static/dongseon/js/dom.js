/** Small helpers over the DOM. Text always goes in as text, never as HTML. */

/** @returns {HTMLElement} the element with this id */
export const byId = (id) => document.getElementById(id);

/**
 * Build an element: attributes, `class`, `dataset`, `style` as an object, and on… listeners.
 * @param {string} tag
 * @param {Object} attributes
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "style") Object.assign(element.style, value);
  else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : value);
}

/** @returns {SVGElement} an icon of the page's own (templates/icons.html) */
export function icon(name, className = "icon") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** An image; where the browser cannot show it (TIFF, a broken file), a sign in its place. */
export function picture(src, alt, attributes = {}) {
  const image = h("img", { src, alt, draggable: "false", ...attributes });
  image.addEventListener("error", () => image.replaceWith(icon("picture", "icon big")), { once: true });
  return image;
}

/** Call `act` at most once per `wait` ms, the last time always. */
export function throttle(act, wait) {
  let timer = 0;
  let last = 0;
  return () => {
    if (timer) return;
    const rest = Math.max(0, last + wait - Date.now());
    timer = setTimeout(() => {
      timer = 0;
      last = Date.now();
      act();
    }, rest);
  };
}

/** Call `act` once nothing has asked for it during `wait` ms. */
export function debounce(act, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), wait);
  };
}

/** A set of listeners: `on` adds one, `emit` calls all. */
export function signal() {
  const listeners = new Set();
  return {
    on: (listener) => listeners.add(listener),
    emit: (...values) => listeners.forEach((listener) => listener(...values)),
  };
}

/** @returns {string} the value of a custom property, as the theme in force has it */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Read the JSON that a template wrote with json_script. */
export const readData = (id) => JSON.parse(byId(id).textContent);
