/** Size of one slab in bytes: about 1.5 s of 24 kHz speech in base64. A longer text gets a slab of its own. */
const SLAB_BYTES = 96 * 1024;

interface Slab {
  readonly bytes: Buffer;
  /** Number of leading bytes that are taken. */
  used: number;
  /** Number of stored texts in this slab. */
  texts: number;
}

/** A text in the slabs; the string itself if it is not ASCII. */
export type StoredText = string | { readonly slab: Slab; readonly start: number; readonly end: number };

/**
 * Stores base64 audio outside of the JavaScript heap. Audio in a log outlives the young generation. As strings, each piece would be copied
 * twice by the garbage collector, and the young generation would grow until it fits no CPU cache, which slows down the whole process.
 * Slabs are reused. An empty store has none.
 */
export class AudioSlabs {
  #current: Slab | undefined;
  #spare: Slab | undefined;
  #texts = 0;
  /** Size of all slabs that are held, in bytes. */
  #slabBytes = 0;
  /** Length of all stored texts, in bytes. */
  #textBytes = 0;

  /** Memory that is held beside the texts, in bytes. */
  get unusedBytes(): number {
    return this.#slabBytes - this.#textBytes;
  }

  store(text: string): StoredText {
    // Reserve space for one more character: a text that is not ASCII is longer in UTF-8, and `write` must be able to show that.
    const needed = text.length + 4;
    let slab = this.#current;
    if (!slab || slab.bytes.length - slab.used < needed) {
      const previous = slab;
      slab = this.#spare && needed <= SLAB_BYTES ? this.#spare : this.#createSlab(needed);
      if (slab === this.#spare) this.#spare = undefined;
      this.#current = slab;
      if (previous?.texts === 0) this.#keepSpare(previous);
    }
    const start = slab.used;
    if (slab.bytes.write(text, start) !== text.length) return text;
    slab.used += text.length;
    this.#textBytes += text.length;
    slab.texts += 1;
    this.#texts += 1;
    return { slab, start, end: slab.used };
  }

  read(stored: StoredText): string {
    return typeof stored === 'string' ? stored : stored.slab.bytes.toString('latin1', stored.start, stored.end);
  }

  /** Frees a text. Call this once for each stored text; it must not be read afterwards. */
  free(stored: StoredText): void {
    if (typeof stored === 'string') return;
    const { slab, start, end } = stored;
    this.#textBytes -= end - start;
    slab.texts -= 1;
    this.#texts -= 1;
    if (this.#texts === 0) {
      this.#current = undefined;
      this.#spare = undefined;
      this.#slabBytes = 0;
    } else if (slab.texts === 0) {
      slab.used = 0;
      if (slab !== this.#current) this.#keepSpare(slab);
    }
  }

  #createSlab(needed: number): Slab {
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, SLAB_BYTES));
    this.#slabBytes += bytes.length;
    return { bytes, used: 0, texts: 0 };
  }

  /** Keeps one empty slab of the usual size. All others are garbage. */
  #keepSpare(slab: Slab): void {
    const garbage = slab.bytes.length === SLAB_BYTES ? this.#spare : slab;
    if (garbage) this.#slabBytes -= garbage.bytes.length;
    if (garbage !== slab) this.#spare = slab;
  }
}

/** @returns the number of characters of a stored text */
export function storedLength(stored: StoredText): number {
  return typeof stored === 'string' ? stored.length : stored.end - stored.start;
}
