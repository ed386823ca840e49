const CONTROLS = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

/** Returns what the user can act on: the menu or the modal dialog that is open, or the page. A menu covers what is below it, and any click closes it. */
export function getScope(): Element {
  return document.querySelector('[role="menu"]') ?? document.querySelector('dialog[open]') ?? document.body;
}

/** Lists the controls that are rendered. */
export function listControls(): HTMLElement[] {
  return [...getScope().querySelectorAll<HTMLElement>(CONTROLS)].filter((control) =>
    control.checkVisibility({ visibilityProperty: true }),
  );
}

/** Whether an area only scrolls: its controls lie in it, and others may float above it. */
export function isArea(control: Element): boolean {
  return !control.matches('a, button, input, select, textarea, summary');
}

/** Whether an element stays in its place while what is below it scrolls: a sticky one, and a button above an area. */
export function isFloating(element: Element): boolean {
  const button = element.closest('button');
  if (button && getComputedStyle(button).position === 'absolute') return true;
  for (let ancestor: Element | null = element; ancestor; ancestor = ancestor.parentElement) {
    if (getComputedStyle(ancestor).position === 'sticky') return true;
  }
  return false;
}

/** Describes a control for the reader of a failed test. */
export function describeElement(element: Element): string {
  const name = element.getAttribute('aria-label') ?? element.textContent ?? '';
  const kind = [element.localName, ...element.classList].join('.');
  return `${kind} "${name.replace(/\s+/g, ' ').trim().slice(0, 40)}"`;
}

/** Whether what is drawn at a point belongs to the control. */
export function isHit(control: Element, x: number, y: number): boolean {
  const top = document.elementFromPoint(x, y);
  if (!top) return false;
  const label = top.closest('label');
  return control.contains(top) || top.contains(control) || (label?.control ?? null) === control;
}
