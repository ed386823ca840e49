import { decodeBase64, encodeBase64 } from '../../src/web/base64.ts';
import { HEAD_SAMPLES, headOf, parseHead } from './block-head.ts';
import type { Telling } from './page-telling.ts';

/*
 * Runs in the page before its own script, bundled. Numbers do not survive the browser's echo canceller and resamplers, so they are put in
 * where the page's audio code begins, behind the capture worklet, and read where it ends, before the playback worklet.
 */

declare global {
  /** The talker's. */
  var tellGauntlet: (telling: Telling) => void;
  var talkersTimeOrigin: number;
  /** PCM16 at 16 kHz, one block, base64. */
  var speakIntoMicrophone: (base64: string) => void;
}

/** What waits for the microphone: a minute of it. */
const MOST_BLOCKS = 600;

const blocks: Uint16Array[] = [];
/** So many samples of the first one are out. */
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
 * Frames for which there is nothing to say are kept from the page: like the other talkers it sends nothing in a silence, so that idle
 * connections are cut for it, too.
 */
function tapMicrophone(port: MessagePort): void {
  port.addEventListener('message', (event: MessageEvent<{ readonly pcm: Int16Array }>) => {
    if (!fill(event.data.pcm)) event.stopImmediatePropagation();
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

/** It is sent when its first frame is heard: what the page waits for the rest of it is the page's own delay, the way here is not. */
function stamp(block: Uint16Array): void {
  const head = parseHead([...block.subarray(0, HEAD_SAMPLES)]);
  if (head) block.set(headOf({ ...head, sentAt: now() }));
}

function tapSpeaker(port: MessagePort): void {
  const post = port.postMessage.bind(port);
  port.postMessage = (command: Uint8Array | string, transfer: Transferable[] | StructuredSerializeOptions = []) => {
    if (command instanceof Uint8Array) tellGauntlet({ kind: 'audio', base64: encodeBase64(command), at: now() });
    else if (command === 'end-turn') tellGauntlet({ kind: 'turn complete' });
    post(command, Array.isArray(transfer) ? { transfer } : transfer);
  };
}

let shown = '';
let rung: string | undefined;

new MutationObserver(() => {
  const words = [...document.querySelectorAll('[data-testid=agent-turn] .words')];
  const text = words.map(({ textContent }) => textContent).join('');
  if (text !== shown) tellGauntlet({ kind: 'words', text: text.startsWith(shown) ? text.slice(shown.length) : text });
  shown = text;
  const now = document.querySelector('[data-testid=connection]')?.getAttribute('data-rung');
  if (now && now !== rung) tellGauntlet({ kind: 'rung', rung: now });
  rung = now ?? rung;
}).observe(document, { subtree: true, childList: true, characterData: true, attributeFilter: ['data-rung'] });

/** As performance.now() of the talker's process: both clocks are of one machine. */
function now(): number {
  return performance.timeOrigin - talkersTimeOrigin + performance.now();
}
