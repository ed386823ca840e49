import { invalid } from './gemini-refusal.ts';
import { camelCased, type JsonObject } from './json-object.ts';

/** Video frames may be this far apart, ms: one a second, less a tenth for jitter. */
const SHORTEST_FRAME_INTERVAL_MS = 900;

/** What must not come as realtimeInput though Gemini may let it pass. */
export interface RealtimeInputRules {
  /**
   * Any message after setup, in its order. `input` is its realtimeInput if it is one.
   * @throws {GeminiRefusal} 1007
   */
  check(input: JsonObject | undefined, isContent: boolean): void;
}

/**
 * @param manual the client says when the user speaks
 * @param now the time in ms
 */
export function createRealtimeInputRules(manual: boolean, now: () => number): RealtimeInputRules {
  let rate: number | undefined;
  let active = false;
  let lastFrameAt = Number.NEGATIVE_INFINITY;
  /** What is wrong with the latest frame, unless the message that it belongs to follows. */
  let earlyFrame: string | undefined;

  function checkActivity(input: JsonObject): void {
    if (input.activityStart !== undefined) {
      if (active) throw invalid('realtimeInput.activityStart: the activity before it has had no activityEnd.');
      active = true;
    }
    if (input.activityEnd !== undefined) {
      if (!active) throw invalid('realtimeInput.activityEnd: there was no activityStart.');
      active = false;
      rate = undefined;
    }
    if (input.audioStreamEnd === true)
      throw invalid('realtimeInput.audioStreamEnd is for automatic activity detection, which is disabled.');
  }

  function checkAudio(audio: JsonObject): void {
    checkBase64(audio, 'audio');
    const mimeType = String(audio.mimeType);
    const given = /;\s*rate=(\d+)/i.exec(mimeType)?.[1];
    if (given === undefined)
      throw invalid(`realtimeInput.audio: '${mimeType}' has no rate, as in 'audio/pcm;rate=16000'.`);
    if (rate !== undefined && rate !== Number(given))
      throw invalid(`realtimeInput.audio: the rate changed from ${rate} to ${given} without audioStreamEnd.`);
    rate = Number(given);
  }

  function checkVideo(video: JsonObject, belongsToMessage: boolean): void {
    checkBase64(video, 'video');
    const at = now();
    const interval = at - lastFrameAt;
    if (interval >= SHORTEST_FRAME_INTERVAL_MS) lastFrameAt = at;
    else if (!belongsToMessage)
      earlyFrame = `realtimeInput.video: a frame came ${Math.round(interval)} ms after another; one a second is allowed.`;
  }

  return {
    check(input, isContent) {
      const belongsToMessage = isContent || input?.text !== undefined || input?.activityEnd !== undefined;
      if (earlyFrame !== undefined && !belongsToMessage) throw invalid(earlyFrame);
      earlyFrame = undefined;
      if (!input) return;
      if (Object.values(input).every((value) => value === false || value === ''))
        throw invalid('realtimeInput is empty.');
      if (input.video !== undefined) checkVideo(camelCased(input.video), belongsToMessage);
      if (input.audio !== undefined) checkAudio(camelCased(input.audio));
      if (manual) checkActivity(input);
      if (input.audioStreamEnd === true) rate = undefined;
    },
  };
}

function checkBase64({ data }: JsonObject, name: string): void {
  if (typeof data === 'string' && /[-_]/.test(data))
    throw invalid(`realtimeInput.${name}.data is in base64's URL alphabet ('-' and '_' for '+' and '/').`);
}
