import { describeElement, getScope, isArea, isFloating, isHit, listControls } from './controls.ts';

/** Fractions of a pixel that rounding may cost. */
const TOLERANCE = 1;
/** Maximum height of a window in which the page may scroll, in pixels. */
const LOW_PX = 480;

const HIGH_PAGE = 'the page is higher than the window';

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The least spacing of text that a page must bear (WCAG 1.4.12). */
const SPACING = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
  p { margin-bottom: 2em !important }`;

/** Lists the same faults as `findLayoutFaults`, while the user has all text set wide. */
export function findFaultsOfWideText(): string[] {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SPACING);
  document.adoptedStyleSheets = [sheet];
  const faults = findLayoutFaults().filter((fault) => fault !== HIGH_PAGE);
  document.adoptedStyleSheets = [];
  return faults.map((fault) => `with wide text ${fault}`);
}

/** Lists the controls that are cut off, covered or overlap, and the areas that are wider than the window. */
export function findLayoutFaults(): string[] {
  const faults: string[] = [];
  const visible = listControls().map((control) => ({
    control,
    boxes: [...control.getClientRects()].flatMap((box) => clip(control, box, faults)),
  }));
  const solid = visible.filter(({ control }) => !isArea(control));
  for (const { control, boxes } of solid) {
    findCovered(control, boxes, faults);
    findCutText(control, faults);
  }
  // What scrolls passes under what does not.
  const loose = solid.filter(({ control }) => !isFloating(control));
  for (const [index, { control, boxes }] of loose.entries()) {
    for (const other of loose.slice(index + 1)) {
      if (control.contains(other.control) || other.control.contains(control)) continue;
      if (boxes.some((box) => other.boxes.some((otherBox) => overlap(box, otherBox))))
        faults.push(`${describeElement(control)} overlaps ${describeElement(other.control)}`);
    }
  }
  findWideAreas(faults);
  if (document.documentElement.scrollHeight > window.innerHeight && window.innerHeight > LOW_PX) faults.push(HIGH_PAGE);
  return faults;
}

/** Reduces the box of a control to the part that its ancestors show, which scroll. */
function clip(control: Element, whole: Box, faults: string[]): Box[] {
  let box = whole;
  for (let area = control.parentElement; area; area = area.parentElement) {
    const { overflowX, overflowY, position } = getComputedStyle(area);
    const shown = area.getBoundingClientRect();
    if (area === document.documentElement) break;
    if (overflowX === 'visible' && overflowY === 'visible') {
      if (position === 'fixed') break;
      continue;
    }
    const sideways = box.left < shown.left - TOLERANCE || box.right > shown.right + TOLERANCE;
    if (sideways && !isPannable(area))
      faults.push(`${describeElement(control)} is cut off at a side of ${describeElement(area)}`);
    const upright = box.top < shown.top - TOLERANCE || box.bottom > shown.bottom + TOLERANCE;
    if (upright && overflowY !== 'auto' && overflowY !== 'scroll')
      faults.push(`${describeElement(control)} is cut off above or below by ${describeElement(area)}`);
    box = intersect(box, shown);
    if (position === 'fixed') break;
  }
  const { left, top } = document.documentElement.getBoundingClientRect();
  const page = { left, top, right: left + window.innerWidth, bottom: top + document.documentElement.scrollHeight };
  const isInPage =
    box.left >= page.left - TOLERANCE &&
    box.right <= page.right + TOLERANCE &&
    box.top >= page.top - TOLERANCE &&
    box.bottom <= page.bottom + TOLERANCE;
  if (!isInPage) faults.push(`${describeElement(control)} is outside of the page: ${JSON.stringify(box)}`);
  box = intersect(box, { left: 0, top: 0, right: window.innerWidth, bottom: window.innerHeight });
  return box.right - box.left > TOLERANCE && box.bottom - box.top > TOLERANCE ? [box] : [];
}

/** Whether the user may have to move an area sideways: WCAG 1.4.10 excepts tables and code. */
function isPannable(area: Element): boolean {
  return area.matches('pre, .table');
}

function intersect(a: Box, b: Box): Box {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

function overlap(a: Box, b: Box): boolean {
  const { left, top, right, bottom } = intersect(a, b);
  return right - left > TOLERANCE && bottom - top > TOLERANCE;
}

function findCovered(control: Element, boxes: readonly Box[], faults: string[]): void {
  for (const { left, top, right, bottom } of boxes) {
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const cover = document.elementFromPoint(x, y);
    if (!isHit(control, x, y) && !(cover && isFloating(cover))) {
      faults.push(`${describeElement(control)} is covered by ${cover ? describeElement(cover) : 'nothing'}`);
    }
  }
}

/** Finds words of a button that stand beside it. */
function findCutText(control: HTMLElement, faults: string[]): void {
  if (!(control instanceof HTMLButtonElement)) return;
  const outer = control.getBoundingClientRect();
  const walker = document.createTreeWalker(control, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const parent = text.parentElement;
    if (!parent?.checkVisibility() || parent.closest('.visually-hidden, .copy-outcome')) continue;
    range.selectNodeContents(text);
    const inner = range.getBoundingClientRect();
    if (
      inner.left < outer.left - TOLERANCE ||
      inner.right > outer.right + TOLERANCE ||
      inner.bottom > outer.bottom + TOLERANCE
    )
      faults.push(`the text of ${describeElement(control)} stands out`);
  }
}

/** Finds what would have to be scrolled in two directions. */
function findWideAreas(faults: string[]): void {
  if (document.documentElement.scrollWidth > window.innerWidth) faults.push('the page is wider than the window');
  for (const area of getScope().querySelectorAll('*')) {
    if (area.scrollWidth <= area.clientWidth || isPannable(area) || area.clientWidth === 0) continue;
    const { overflowX } = getComputedStyle(area);
    if (overflowX === 'auto' || overflowX === 'scroll') faults.push(`${describeElement(area)} scrolls sideways`);
  }
}
