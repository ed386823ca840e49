import type { JsonObject } from '../json-object.ts';
import { camelCaseKeys } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';

/** Minimum interval between video frames, in ms: one frame a second, less a tenth for jitter. */
const MIN_FRAME_INTERVAL_MS = 900;

/** Refuses realtimeInput that Gemini may tolerate although its documentation forbids it. */
export class RealtimeInputRules {
  readonly #manual: boolean;
  readonly #now: () => number;
  #rate: number | undefined;
  #active = false;
  #lastFrameAt = Number.NEGATIVE_INFINITY;
  /** The complaint about the latest frame. Withdrawn if the next message is the one that the frame belongs to. */
  #earlyFrame: string | undefined;

  /**
   * @param manual whether the client reports when the user speaks
   * @param now returns the time in ms
   */
  constructor(manual: boolean, now: () => number) {
    this.#manual = manual;
    this.#now = now;
  }

  /**
   * Checks a message after setup. Call it for every message, in order.
   * @param input the realtimeInput of the message, if the message is one
   * @param isContent whether the message is client content
   * @throws {GeminiRefusal} 1007
   */
  checkMessage(input: JsonObject | undefined, isContent: boolean): void {
    const endsMessage = isContent || input?.text !== undefined || input?.activityEnd !== undefined;
    if (this.#earlyFrame !== undefined && !endsMessage) throw invalidArgument(this.#earlyFrame);
    this.#earlyFrame = undefined;
    if (!input) return;
    if (Object.values(input).every((value) => value === false || value === ''))
      throw invalidArgument('realtimeInput is empty.');
    if (input.video !== undefined) this.#checkVideo(camelCaseKeys(input.video), endsMessage);
    if (input.audio !== undefined) this.#checkAudio(camelCaseKeys(input.audio));
    if (this.#manual) this.#checkActivity(input);
    if (input.audioStreamEnd === true) this.#rate = undefined;
  }

  #checkActivity(input: JsonObject): void {
    if (input.activityStart !== undefined) {
      if (this.#active)
        throw invalidArgument('realtimeInput.activityStart: the activity before it has had no activityEnd.');
      this.#active = true;
    }
    if (input.activityEnd !== undefined) {
      if (!this.#active) throw invalidArgument('realtimeInput.activityEnd: there was no activityStart.');
      this.#active = false;
      this.#rate = undefined;
    }
    if (input.audioStreamEnd === true)
      throw invalidArgument('realtimeInput.audioStreamEnd is for automatic activity detection, which is disabled.');
  }

  #checkAudio(audio: JsonObject): void {
    checkBase64(audio, 'audio');
    const mimeType = String(audio.mimeType);
    const given = /;\s*rate=(\d+)/i.exec(mimeType)?.[1];
    if (given === undefined)
      throw invalidArgument(`realtimeInput.audio: '${mimeType}' has no rate, as in 'audio/pcm;rate=16000'.`);
    if (this.#rate !== undefined && this.#rate !== Number(given))
      throw invalidArgument(
        `realtimeInput.audio: the rate changed from ${this.#rate} to ${given} without audioStreamEnd.`,
      );
    this.#rate = Number(given);
  }

  #checkVideo(video: JsonObject, endsMessage: boolean): void {
    checkBase64(video, 'video');
    const at = this.#now();
    const interval = at - this.#lastFrameAt;
    if (interval >= MIN_FRAME_INTERVAL_MS) this.#lastFrameAt = at;
    else if (!endsMessage)
      this.#earlyFrame = `realtimeInput.video: a frame came ${Math.round(interval)} ms after another; one a second is allowed.`;
  }
}

function checkBase64({ data }: JsonObject, name: string): void {
  if (typeof data === 'string' && /[-_]/.test(data))
    throw invalidArgument(`realtimeInput.${name}.data is in base64's URL alphabet ('-' and '_' for '+' and '/').`);
}
