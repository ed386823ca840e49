import { describeElement } from './controls.ts';

/** What is drawn on a background that no stylesheet tells: a gradient, a translucent layer, a picture. */
interface Drawing {
  readonly element: HTMLElement | SVGElement;
  readonly color: Color;
  readonly boxes: readonly DOMRect[];
  /** Contrast that WCAG demands. */
  readonly needed: number;
}

type Color = readonly [red: number, green: number, blue: number];

/** Contrast that is demanded of text, of large text, and of what is no text (WCAG 1.4.3, 1.4.11). */
const [TEXT, LARGE_TEXT, SYMBOL] = [4.5, 3, 3];
/** Sizes from which text is large, in pixels. */
const [LARGE_PX, LARGE_BOLD_PX] = [24, 18.66];
/** Part of the pixels behind a drawing that may have too little contrast: of the edges of round shapes. */
const SPARE_PIXELS = 0.02;

let drawings: readonly Drawing[] = [];

/**
 * Hides the words and symbols within an area, so that a screenshot shows their backgrounds.
 * @param level level of all voices, 0 to 1
 */
export function hideDrawings(selector: string, level: number): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    `.call-side { --level: ${level} !important } *, ::before, ::after { transition: none !important; animation: none !important }`,
  );
  document.adoptedStyleSheets = [sheet];
  drawings = [...document.querySelectorAll<HTMLElement>(selector)].flatMap(listDrawings);
  for (const { element } of drawings) {
    element.style.setProperty('-webkit-text-fill-color', 'transparent', 'important');
    if (element instanceof SVGElement) element.style.setProperty('opacity', '0', 'important');
  }
}

/**
 * Shows what was hidden.
 * @param screenshot PNG of the window, in base64, which was taken while it was hidden
 * @returns a line for each word or symbol with too little contrast
 */
export async function measureContrast(screenshot: string): Promise<string[]> {
  const bytes = Uint8Array.from(atob(screenshot), (character) => character.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error('no canvas');
  pen.drawImage(bitmap, 0, 0);
  const faults = drawings.flatMap(({ element, color, boxes, needed }) => {
    element.style.removeProperty('-webkit-text-fill-color');
    element.style.removeProperty('opacity');
    const contrasts = boxes.flatMap((box) => listPixels(pen, box).map((pixel) => getContrast(color, pixel)));
    const worst = contrasts.toSorted((a, b) => a - b)[Math.floor(contrasts.length * SPARE_PIXELS)] ?? needed;
    return worst < needed ? [`contrast ${worst.toFixed(2)} instead of ${needed}: ${describeElement(element)}`] : [];
  });
  drawings = [];
  document.adoptedStyleSheets = [];
  return faults;
}

function listDrawings(area: HTMLElement): Drawing[] {
  const found: Drawing[] = [];
  for (const element of area.querySelectorAll<HTMLElement | SVGElement>('*')) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(':disabled, .visually-hidden'))
      continue;
    const style = getComputedStyle(element);
    if (element instanceof SVGSVGElement) {
      found.push({ element, color: parseColor(style.color), boxes: [element.getBoundingClientRect()], needed: SYMBOL });
    } else if (!(element instanceof SVGElement)) {
      const boxes = listTextBoxes(element);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= (Number(style.fontWeight) >= 700 ? LARGE_BOLD_PX : LARGE_PX);
      if (boxes.length > 0)
        found.push({ element, color: parseColor(style.color), boxes, needed: isLarge ? LARGE_TEXT : TEXT });
    }
  }
  return found;
}

function listTextBoxes(element: Element): DOMRect[] {
  const range = document.createRange();
  return [...element.childNodes].flatMap((node) => {
    if (node.nodeType !== Node.TEXT_NODE || node.textContent?.trim() === '') return [];
    range.selectNodeContents(node);
    return [...range.getClientRects()];
  });
}

function listPixels(pen: OffscreenCanvasRenderingContext2D, { left, top, width, height }: DOMRect): Color[] {
  if (width < 1 || height < 1) return [];
  const { data } = pen.getImageData(left, top, Math.max(1, width), Math.max(1, height));
  return Array.from({ length: data.length / 4 }, (_, index): Color => {
    const [red = 0, green = 0, blue = 0] = data.subarray(index * 4, index * 4 + 3);
    return [red, green, blue];
  });
}

function parseColor(text: string): Color {
  const [red = 0, green = 0, blue = 0] = text.match(/[\d.]+/g)?.map(Number) ?? [];
  return [red, green, blue];
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function getContrast(a: Color, b: Color): number {
  const [dark = 0, light = 0] = [getLuminance(a), getLuminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function getLuminance(color: Color): number {
  const [red = 0, green = 0, blue = 0] = color.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
