import type { FocusStop } from '../focus-stop.ts';
import { describeElement, isHit, listControls } from './controls.ts';

/** Smallest width of an outline that shows the focus, in pixels (WCAG 2.4.13). */
const OUTLINE_PX = 2;

const reached = new Set<Element>();

/** Begins a walk: no control is reached yet, not even the one that has the focus. */
export function beginWalk(): void {
  reached.clear();
}

/** Notes the control that has the focus. */
export function noteFocus(): FocusStop {
  const focused = document.activeElement ?? document.body;
  reached.add(focused);
  const left = listControls().filter((control) => isStop(control) && !reached.has(control));
  const name = describeElement(focused);
  const faults = focused === document.body ? [] : findFaults(focused).map((fault) => `${name} ${fault}`);
  return { name, faults, left: left.map(describeElement) };
}

/** Whether Tab stops at a control. Of the choices of one group it stops at one, and the arrows move among them. */
function isStop(control: HTMLElement): boolean {
  if (control.matches(':disabled') || control.tabIndex < 0) return false;
  return !(control instanceof HTMLInputElement && control.type === 'radio' && !control.checked);
}

function findFaults(focused: Element): string[] {
  const faults: string[] = [];
  // The input of a choice is transparent: the text beside it shows the focus. The message field is framed by its form.
  const frames = [focused, focused.nextElementSibling, focused.parentElement];
  const isShown = frames.some((frame) => {
    if (!frame) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(frame);
    return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= OUTLINE_PX;
  });
  if (!isShown) faults.push('does not show the focus');
  const { left, top, right, bottom } = focused.getClientRects()[0] ?? new DOMRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const points = [x, left + 2, right - 2].flatMap((at) =>
    [y, top + 2, bottom - 2].map((height) => [at, height] as const),
  );
  if (!points.some(([at, height]) => isHit(focused, at, height))) faults.push('is hidden while it has the focus');
  return faults;
}
