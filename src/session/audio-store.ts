/** Bytes of one slab: one and a half seconds of 24 kHz speech in base64. A longer text has a slab of its own. */
const SLAB_BYTES = 96 * 1024;

interface Slab {
  readonly bytes: Buffer;
  used: number;
  /** Texts in it that are still kept. */
  kept: number;
}

/** A text in the store; as it was where it is not ASCII. */
export type KeptText = string | { readonly slab: Slab; readonly start: number; readonly end: number };

/**
 * Keeps base64 audio outside of the JavaScript heap. What a log holds outlives the young generation: there each piece of audio would be copied
 * twice, the young generation would grow with it until it fits no cache, and that made everything else in the process slower.
 * Slabs are used again and again; an empty store has none.
 */
export class AudioStore {
  #slab: Slab | undefined;
  #spare: Slab | undefined;
  #kept = 0;

  keep(text: string): KeptText {
    // Room for one more character: what is not ASCII is longer in UTF-8, and must show as such.
    const room = text.length + 4;
    let slab = this.#slab;
    if (!slab || slab.bytes.length - slab.used < room) {
      slab = this.#spare && room <= SLAB_BYTES ? this.#spare : newSlab(room);
      if (slab === this.#spare) this.#spare = undefined;
      this.#slab = slab;
    }
    const start = slab.used;
    if (slab.bytes.write(text, start) !== text.length) return text;
    slab.used += text.length;
    slab.kept += 1;
    this.#kept += 1;
    return { slab, start, end: slab.used };
  }

  read(kept: KeptText): string {
    return typeof kept === 'string' ? kept : kept.slab.bytes.toString('latin1', kept.start, kept.end);
  }

  /** It will not be read any more. Once for each that was kept. */
  drop(kept: KeptText): void {
    if (typeof kept === 'string') return;
    const { slab } = kept;
    slab.kept -= 1;
    this.#kept -= 1;
    if (this.#kept === 0) {
      this.#slab = undefined;
      this.#spare = undefined;
    } else if (slab.kept === 0) {
      slab.used = 0;
      if (slab !== this.#slab && slab.bytes.length === SLAB_BYTES) this.#spare = slab;
    }
  }
}

function newSlab(bytes: number): Slab {
  return { bytes: Buffer.allocUnsafeSlow(Math.max(bytes, SLAB_BYTES)), used: 0, kept: 0 };
}

export function lengthOf(kept: KeptText): number {
  return typeof kept === 'string' ? kept.length : kept.end - kept.start;
}
