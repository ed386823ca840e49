import { WireError } from '../wire/error-catalogue.ts';
import type { Blob, LiveRequest } from '../wire/live-request.ts';
import type { FramePacer } from './frame-pacer.ts';
import { createInputRate } from './input-rate.ts';
import { isFrame } from './send-request.ts';

export interface ModelInputOptions {
  /** Hz. */
  readonly inputRate: number;
  /** The model is told when the user speaks, and does not listen for it. */
  readonly manualActivity: boolean;
  readonly frames: FramePacer;
  /** Takes the audio that the model hears. */
  readonly onHeard: (audio: Blob) => void;
}

/**
 * Makes of what the user sends what the model takes: audio at its rate; a frame goes its own way, at its own pace; and of the signs of activity
 * only those that mean something to it, since it would close over the others.
 */
export function createModelInput(options: ModelInputOptions): (request: LiveRequest) => LiveRequest {
  const { manualActivity, frames, onHeard } = options;
  const rate = createInputRate(options.inputRate);
  let speaking = false;

  const withFittingSigns = (request: LiveRequest): LiveRequest => {
    const { activity_start, activity_end, audio_stream_end, ...rest } = request;
    const starts = activity_start !== undefined && !speaking;
    const ends = activity_end !== undefined && (speaking || starts);
    speaking = (speaking || starts) && !ends;
    return { ...(starts ? { activity_start } : {}), ...(ends ? { activity_end } : {}), ...rest };
  };
  return (sent) => {
    const request = manualActivity ? withFittingSigns(sent) : sent;
    const { blob, ...rest } = request;
    if (!blob) return request;
    if (isFrame(blob)) {
      // The SDK throws over it, which it would do in the pacer's timer: there nobody catches it, and the process ends.
      if (!blob.mime_type.startsWith('image/')) {
        throw new WireError('unsupported_mime_type', `Mime type not supported: ${blob.mime_type.slice(0, 100)}`);
      }
      frames.take(blob);
      return rest;
    }
    const converted = rate.convert(blob);
    if (converted) onHeard(converted);
    return converted === blob ? request : converted ? { ...rest, blob: converted } : rest;
  };
}
