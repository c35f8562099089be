/** A grid of which only what is in view is in the page. Cards that leave it serve again for those that come. */
import { h } from "./dom.js";

const GAP = 8;
const HEAD = 30;
// Drawn above and below the view: little while it moves, more once it rests.
const [MOVING_PX, RESTING_PX, REST_MS] = [300, 1300, 140];
// `plate` is what a number plate adds below the picture of a vehicle, which is lower than that of a person.
export const SIZES = { s: { least: 82, height: 152, plate: 32 }, m: { least: 108, height: 246, plate: 48 }, l: { least: 176, height: 356, plate: 8 } };

/**
 * @param {{scroller: HTMLElement, list: HTMLElement, make: () => HTMLElement, update: Function}} options
 *   `update(card, item, place, isNew)` fills a card, which may have shown another candidate before
 */
export function createGrid({ scroller, list, make, update }) {
  const cards = new Map();
  const heads = new Map();
  const pool = [];
  let [items, lines, places] = [[], [], new Map()];
  let [size, width, columns, total, pinned, frame, beyond, rest, hasPlates] = ["m", 0, 1, 0, null, 0, RESTING_PX, 0, false];

  function set(next, { isMoving = false } = {}) {
    items = next;
    layOut();
    list.classList.toggle("moving", isMoving);
    paint();
  }

  /** Put the cards into lines: as many as fit beside each other, and a head where a section begins. */
  function layOut() {
    const style = getComputedStyle(scroller);
    const room = scroller.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    columns = Math.max(1, Math.floor((room + GAP) / (SIZES[size].least + GAP)));
    width = (room - GAP * (columns - 1)) / columns;
    [lines, places] = [[], new Map()];
    let [top, section, line] = [0, "", null];
    items.forEach((item, at) => {
      const isHead = item.section !== section;
      if (isHead) {
        section = item.section;
        lines.push({ top, height: HEAD, head: section, from: at, to: at });
        top += HEAD;
      }
      if (isHead || !line || line.to - line.from === columns) {
        line = { top, height: SIZES[size].height + (hasPlates ? SIZES[size].plate : 0), from: at, to: at };
        lines.push(line);
        top += line.height + GAP;
      }
      line.to = at + 1;
      places.set(item.row.id, { at, line, column: at - line.from });
    });
    total = top;
    list.style.height = `${total}px`;
    list.dataset.size = size;
  }

  function paint() {
    frame = 0;
    const [from, to] = [scroller.scrollTop - beyond, scroller.scrollTop + scroller.clientHeight + beyond];
    const inView = lines.slice(lineAt(from), lineAt(to) + 1);
    const wanted = [];
    for (const line of inView) {
      if (line.head) wanted.push(headOf(line));
      else for (let at = line.from; at < line.to; at += 1) wanted.push(items[at]);
    }
    const pin = places.get(pinned);
    if (pin && !wanted.includes(items[pin.at])) wanted[pin.line.top < from ? "unshift" : "push"](items[pin.at]);
    show(wanted);
  }

  function show(wanted) {
    const ids = new Set(wanted.map((item) => item.row?.id));
    const focused = document.activeElement;
    for (const [id, card] of cards) {
      if (ids.has(id)) continue;
      card.remove();
      cards.delete(id);
      pool.push(card);
    }
    for (const [name, head] of heads) if (!wanted.includes(head)) { head.remove(); heads.delete(name); }
    let cursor = list.firstElementChild;
    for (const entry of wanted) {
      const element = entry.row ? cardOf(entry) : entry;
      if (element === cursor) cursor = cursor.nextElementSibling;
      else list.insertBefore(element, cursor);
    }
    if (focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });
  }

  function cardOf(item) {
    const { at, line, column } = places.get(item.row.id);
    const isNew = !cards.has(item.row.id);
    const card = cards.get(item.row.id) ?? pool.pop() ?? make();
    cards.set(item.row.id, card);
    const box = [column * (width + GAP), line.top, width, line.height, at, items.length];
    if (card.box !== box.join()) {
      card.box = box.join();
      Object.assign(card.style, { transform: `translate(${box[0]}px, ${box[1]}px)`, width: `${width}px`, height: `${line.height}px` });
      card.setAttribute("aria-posinset", at + 1);
      card.setAttribute("aria-setsize", items.length);
    }
    update(card, item, isNew);
    return card;
  }

  function headOf(line) {
    const key = `${line.head} ${line.from}`;
    const head = heads.get(key) ?? h("li", { class: "candidate-head" }, h("b", {}, line.head));
    heads.set(key, head);
    head.style.transform = `translateY(${line.top}px)`;
    return head;
  }

  /** The line at this height, or the nearest. */
  function lineAt(y) {
    let [low, high] = [0, Math.max(0, lines.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (lines[middle].top <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  const repaint = () => { frame ||= requestAnimationFrame(paint); };
  scroller.addEventListener("scroll", () => {
    list.classList.remove("moving");
    beyond = MOVING_PX;
    repaint();
    clearTimeout(rest);
    rest = setTimeout(() => { beyond = RESTING_PX; repaint(); }, REST_MS);
  }, { passive: true });
  new ResizeObserver(() => { if (scroller.clientWidth) { layOut(); repaint(); } }).observe(scroller);

  /** Bring a card into view, moving no further than needed. */
  function reveal(id) {
    const place = places.get(id);
    if (!place) return;
    const { top, height } = place.line;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + height + 2 * GAP > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = Math.min(top, top + height + 2 * GAP - scroller.clientHeight);
    }
    paint();
  }

  /** The card beside this one, or above or below it. */
  function beside(id, direction) {
    const place = places.get(id);
    if (!place) return items[0]?.row ?? null;
    const step = { left: -1, right: 1 }[direction];
    if (step) return items[Math.max(0, Math.min(items.length - 1, place.at + step))].row;
    const rows = lines.filter((line) => !line.head);
    const line = rows[rows.indexOf(place.line) + (direction === "up" ? -1 : 1)];
    return line ? items[Math.min(line.to - 1, line.from + place.column)].row : items[place.at].row;
  }

  return {
    set, paint, reveal, beside,
    card: (id) => cards.get(id),
    place: (id) => places.get(id)?.at ?? -1,
    pin: (id) => { pinned = id; },
    resize(next, { isPlated = hasPlates } = {}) {
      if (next === size && isPlated === hasPlates) return;
      [size, hasPlates] = [next, isPlated];
      list.classList.toggle("plated", isPlated);
      layOut();
      paint();
    },
    get items() { return items; },
    /** The place of the last card in view. */
    get last() { return (lines[lineAt(scroller.scrollTop + scroller.clientHeight)]?.to ?? 0) - 1; },
  };
}
