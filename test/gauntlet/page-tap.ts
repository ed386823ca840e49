import { decodeBase64, encodeBase64 } from '../../src/web/base64.ts';
import type { CaptureCommand, CaptureReport } from '../../src/web/voice/microphone.ts';
import { encodeHead, HEAD_SAMPLES, parseHead } from './block-head.ts';
import type { Telling } from './page-telling.ts';

/*
 * Runs in the page before its own script, bundled. Numbers do not survive the browser's echo canceller and resamplers, so they are put in
 * where the page's audio code begins, behind the capture worklet, and read where it ends, before the playback worklet.
 */

declare global {
  /** Message from the talker. */
  var tellGauntlet: (telling: Telling) => void;
  var talkersTimeOrigin: number;
  /** A block of PCM16 at 16 kHz, in base64. */
  var speakIntoMicrophone: (base64: string) => void;
}

/** Maximum number of blocks that wait for the microphone: a minute. */
const MOST_BLOCKS = 600;

const blocks: Uint16Array[] = [];
/** Number of samples of the first block that were used. */
let out = 0;

globalThis.speakIntoMicrophone = (base64) => {
  if (blocks.length === MOST_BLOCKS) throw new Error('the microphone takes nothing');
  blocks.push(new Uint16Array(decodeBase64(base64).buffer));
};

globalThis.AudioWorkletNode = class extends AudioWorkletNode {
  constructor(context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions) {
    super(context, name, options);
    if (name === 'capture') tapMicrophone(this.port);
    if (name === 'playback') tapSpeaker(this.port);
  }
};

/**
 * Withholds batches from the page while there is nothing to say, and acknowledges them in its place. Like the other talkers the page then sends
 * nothing, so that idle connections are cut.
 */
function tapMicrophone(port: MessagePort): void {
  port.addEventListener('message', (event: MessageEvent<CaptureReport>) => {
    if (event.data === 'closed' || fill(event.data.pcm)) return;
    event.stopImmediatePropagation();
    port.postMessage('received' satisfies CaptureCommand);
  });
}

function fill(frame: Int16Array): boolean {
  if (blocks.reduce((samples, block) => samples + block.length, -out) < frame.length) return false;
  for (let filled = 0; filled < frame.length; ) {
    const [block] = blocks;
    if (!block) return false;
    if (out === 0) stamp(block);
    const piece = block.subarray(out, out + frame.length - filled);
    frame.set(piece, filled);
    filled += piece.length;
    out += piece.length;
    if (out === block.length) {
      blocks.shift();
      out = 0;
    }
  }
  return true;
}

/**
 * Stamps a block with the time of its first frame. The wait for the rest of the block is the page's own delay, the way to the
 * page is not.
 */
function stamp(block: Uint16Array): void {
  const head = parseHead([...block.subarray(0, HEAD_SAMPLES)]);
  if (head) block.set(encodeHead({ ...head, sentAt: now() }));
}

function tapSpeaker(port: MessagePort): void {
  const post = port.postMessage.bind(port);
  port.postMessage = (command: Uint8Array | string, transfer: Transferable[] | StructuredSerializeOptions = []) => {
    if (command instanceof Uint8Array) tellGauntlet({ kind: 'audio', base64: encodeBase64(command), at: now() });
    else if (command === 'end-turn') tellGauntlet({ kind: 'turn complete' });
    post(command, Array.isArray(transfer) ? { transfer } : transfer);
  };
}

/** Number of characters that were told of each text of the agent, by the row and the place of the text. */
const told = new Map<string, number>();
let rung: string | undefined;

new MutationObserver(() => {
  for (const row of document.querySelectorAll<HTMLElement>('[data-row]')) {
    const texts = row.querySelectorAll<HTMLElement>('[data-testid=agent-turn] .words');
    for (const [place, text] of texts.entries()) tellWords(`${row.dataset.row}/${place}`, text);
  }
  const now = document.querySelector('[data-testid=connection]')?.getAttribute('data-rung');
  if (now && now !== rung) tellGauntlet({ kind: 'rung', rung: now });
  rung = now ?? rung;
}).observe(document, {
  subtree: true,
  childList: true,
  characterData: true,
  attributeFilter: ['data-rung', 'data-open'],
});

/** Tells the words that were added to a text: of one that goes on the complete words only, because a part of a word may be heard. */
function tellWords(key: string, { textContent, dataset }: HTMLElement): void {
  const text = textContent ?? '';
  const words = dataset.open === 'true' ? text.slice(0, text.lastIndexOf(' ') + 1) : `${text.trimEnd()} `;
  const before = told.get(key) ?? 0;
  if (words.length <= before) return;
  told.set(key, words.length);
  tellGauntlet({ kind: 'words', text: words.slice(before) });
}

/** Returns performance.now() of the talker's process. Both clocks belong to one machine. */
function now(): number {
  return performance.timeOrigin - talkersTimeOrigin + performance.now();
}
