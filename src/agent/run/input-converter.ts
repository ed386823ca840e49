import type { Blob, LiveRequest } from '../../wire/live-request.ts';
import type { MemoryCounter } from '../../wire/memory-share.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { FramePacer } from './frame-pacer.ts';
import { InputRate } from './input-rate.ts';
import { isFrame } from './send-request.ts';

export interface InputConverterOptions {
  /** Sample rate that the model expects, in Hz. */
  readonly inputRate: number;
  /** Whether clients report when the user speaks, because the model does not detect speech. */
  readonly manualActivity: boolean;
  readonly frames: FramePacer;
  /** Refuses a request that the model cannot take, by an error that ends the run. Default: the model takes every request. */
  readonly checkRequest?: ((request: LiveRequest) => void) | undefined;
  /** Counts what the converter holds in memory. */
  readonly memory?: MemoryCounter | undefined;
  /** Receives the audio that is sent to the model. */
  readonly onInputAudio?: ((audio: Blob) => void) | undefined;
}

/**
 * Converts requests of the user to what the model accepts: audio gets the model's sample rate, single frames go to the pacer, and signs of
 * activity that mean nothing to the model are dropped, because the model would close the connection.
 */
export class InputConverter {
  readonly #options: InputConverterOptions;
  readonly #rate: InputRate;
  /** Whether the user speaks, according to the signs of activity. */
  #speaking = false;
  /** Whether audio was sent that no end has followed. */
  #isAudioOpen = false;

  constructor(options: InputConverterOptions) {
    this.#options = options;
    this.#rate = new InputRate(options.inputRate, options.memory);
  }

  /** Whether the user speaks, according to the signs of activity. */
  get isSpeaking(): boolean {
    return this.#speaking;
  }

  /** Whether the model detects speech, and audio was sent that no end has followed. */
  get isAudioOpen(): boolean {
    return this.#isAudioOpen && !this.#options.manualActivity;
  }

  /**
   * Converts one request. Returns `undefined` if nothing of the request is left to send now.
   * @throws {WireError} unsupported_mime_type, or the error of `checkRequest`
   */
  convert(request: LiveRequest): LiveRequest | undefined {
    this.#options.checkRequest?.(request);
    const relevant = this.#options.manualActivity ? this.#dropRedundantActivitySignals(request) : request;
    if (relevant.audio_stream_end) this.#isAudioOpen = false;
    const converted = relevant.blob ? this.#convertBlob(relevant, relevant.blob) : relevant;
    return isEmpty(converted) ? undefined : converted;
  }

  /** Discards the filters, because the run is over. */
  close(): void {
    this.#rate.close();
  }

  #dropRedundantActivitySignals(request: LiveRequest): LiveRequest {
    // `audio_stream_end` means nothing to a model that does not detect speech: the end of the microphone ends the activity.
    const { activity_start, activity_end, audio_stream_end, ...rest } = request;
    const starts = activity_start !== undefined && !this.#speaking;
    const ends = (activity_end !== undefined || audio_stream_end === true) && (this.#speaking || starts);
    this.#speaking = (this.#speaking || starts) && !ends;
    return { ...(starts ? { activity_start } : {}), ...(ends ? { activity_end: {} } : {}), ...rest };
  }

  #convertBlob(request: LiveRequest, blob: Blob): LiveRequest {
    if (isFrame(blob)) {
      // Reject other types here. The model's SDK would throw later, in the timer of the pacer, where nobody can catch the error.
      if (!blob.mime_type.startsWith('image/')) {
        throw new WireError('unsupported_mime_type', `Mime type not supported: ${blob.mime_type.slice(0, 100)}`);
      }
      this.#options.frames.push(blob);
      return omitBlob(request);
    }
    const audio = this.#rate.convert(blob);
    if (!audio) return omitBlob(request);
    this.#isAudioOpen = true;
    this.#options.onInputAudio?.(audio);
    return audio === blob ? request : { ...request, blob: audio };
  }
}

function omitBlob({ blob: _, ...rest }: LiveRequest): LiveRequest {
  return rest;
}

function isEmpty(request: LiveRequest): boolean {
  for (const _ in request) return false;
  return true;
}
