import type { AgentEvent, FunctionCall, FunctionResponse } from '../agent-event.ts';
import { errorCatalogue } from '../error-catalogue.ts';
import type { ReplySummary, SessionNames } from '../log-entry.ts';
import type { LogEvents } from '../named-events.ts';
import { listResultImages } from '../result-images.ts';
import type { ErrorBody } from '../wire-error.ts';
import { encodeAudioFrame } from './audio-frame.ts';
import type { Frame } from './dialect.ts';
import { encodeNamed } from './session-frames.ts';

/** Sample rate of speech whose mime type names none, in Hz. */
const DEFAULT_RATE = 24_000;
/** Sample rate in a mime type. */
const RATE = /rate=(\d{1,6})/;
/** Time in a sign of a voice detection, in seconds. */
const OFFSET = /^(\d{1,9}(?:\.\d{1,9})?)s$/;

/**
 * Writes the ServerEvents of one entry. Ids are made of the epoch and the number of the turn or utterance: the same in each event of a turn, and in no
 * other session.
 */
export class AgentScopeWriter {
  /** Frames in their places; `undefined` where the audio is missing. */
  readonly places: (Frame | undefined)[] = [];
  readonly #names: SessionNames;
  readonly #agentId: string;
  readonly #agentName: string;
  readonly #turn: number;

  /**
   * @param author author of the event; `undefined` for an entry that no author made
   * @param turn number of the turn
   */
  constructor(names: SessionNames, author: string | undefined, turn: number) {
    const { agent, agentName = agent } = names;
    this.#names = names;
    this.#agentId = author === undefined || author === 'user' ? agent : author;
    // Only the agent of the session was named by a client, not one that it transfers to.
    this.#agentName = this.#agentId === agent ? agentName : this.#agentId;
    this.#turn = turn;
  }

  /** Keeps the place of audio that is not sent. */
  skip(): void {
    this.places.push(undefined);
  }

  writeAgentReady(): void {
    this.#write('agent_ready', {});
  }

  writeAgentEnded(): void {
    this.#write('agent_ended', {});
  }

  writeResponseCreated(): void {
    this.#write('agent_response_created', { response_id: this.#responseId });
  }

  /** Encodes without `JSON.stringify`, which would cost more than the rest of the delivery. */
  writeAudioDelta(mimeType: string, data: string): void {
    const rate = Number(RATE.exec(mimeType)?.[1] ?? DEFAULT_RATE);
    const ids = `"response_id":"${this.#responseId}","item_id":"${this.#itemId}"`;
    const agent = `"agent_id":${JSON.stringify(this.#agentId)},"agent_name":${JSON.stringify(this.#agentName)}`;
    const format = `"format":{"type":"audio/pcm","rate":${rate}}`;
    const before = `{"type":"agent_response_audio_delta",${ids},"delta":`;
    this.places.push(encodeAudioFrame(before, data, `,${format},${agent}}`));
  }

  writeTranscriptDelta(delta: string): void {
    this.#write('agent_response_audio_transcript_delta', { ...this.#item, delta });
  }

  /** Ends what the turn contained, and the turn. Providers without a count count as 0. */
  writeResponseDone({ hasAudio, hasTranscript, hasText, interrupted, usage }: ReplySummary): void {
    if (hasAudio) this.#write('agent_response_audio_done', this.#item);
    if (hasTranscript || hasText) this.#write('agent_response_audio_transcript_done', this.#item);
    this.#write('agent_response_done', {
      response_id: this.#responseId,
      input_tokens: usage?.promptTokenCount ?? 0,
      output_tokens: usage?.candidatesTokenCount ?? 0,
      metadata: interrupted ? { interrupted: 'true' } : {},
    });
  }

  /** Our models deliver the arguments of a call at once: the only piece has all of them. */
  writeToolUse({ id, name, args }: FunctionCall): void {
    const ids = { response_id: this.#responseId, item_id: `${this.#itemId}_${id}` };
    const toolUse = { type: 'tool_use', id, name, input: {}, raw_input: JSON.stringify(args) };
    this.#write('agent_response_tool_use_delta', { ...ids, tool_use: toolUse });
    this.#write('agent_response_tool_use_done', { ...ids, tool_use: { ...toolUse, input: args } });
  }

  writeToolResult(given: FunctionResponse): void {
    const { id, name, response } = given;
    const images = listResultImages(given).map(({ mimeType, data }) => ({
      type: 'image',
      source: { type: 'base64', media_type: mimeType, data },
    }));
    const output = [{ type: 'text', text: toText(response) }, ...images];
    this.#write('agent_response_tool_result', { tool_result: { type: 'tool_result', id, name, output } });
  }

  /** @param input number of the utterance */
  writeInputStarted(event: AgentEvent, input: number | undefined): void {
    this.#write('agent_input_started', { item_id: this.#inputId(input), audio_start_ms: readOffsetMs(event) });
  }

  writeInputDone(event: AgentEvent, input: number | undefined): void {
    this.#write('agent_input_done', { item_id: this.#inputId(input), audio_end_ms: readOffsetMs(event) });
  }

  writeTranscriptionDelta(delta: string, input: number | undefined): void {
    this.#write('agent_input_transcription_delta', { item_id: this.#inputId(input), delta });
  }

  /** No model of ours counts the tokens of a transcript. */
  writeTranscriptionDone(transcript: string, input: number | undefined): void {
    const tokens = { input_tokens: null, output_tokens: null };
    this.#write('agent_input_transcription_done', { transcript, item_id: this.#inputId(input), ...tokens });
  }

  writeError({ error, code, hint }: ErrorBody): Frame {
    const message = hint ? `${error} (hint: ${hint})` : error;
    return this.#write('agent_error', { error_type: toErrorType(code), code, message });
  }

  writeSessionUpdated(): void {
    this.#writeSession('server_session_updated');
  }

  writeSessionEnded(): void {
    this.#writeSession('server_session_ended');
  }

  writeNamed<Name extends keyof LogEvents>(event: Name, data: LogEvents[Name]): void {
    this.places.push(encodeNamed(event, data));
  }

  get #responseId(): string {
    return `resp_${this.#names.epoch}_${this.#turn}`;
  }

  get #itemId(): string {
    return `item_${this.#names.epoch}_${this.#turn}`;
  }

  get #item(): { response_id: string; item_id: string } {
    return { response_id: this.#responseId, item_id: this.#itemId };
  }

  #inputId(input = 0): string {
    return `input_${this.#names.epoch}_${input}`;
  }

  #write(type: string, fields: object): Frame {
    const message = { type, ...fields, agent_id: this.#agentId, agent_name: this.#agentName };
    const frame = { data: JSON.stringify(message) };
    this.places.push(frame);
    return frame;
  }

  #writeSession(type: string): void {
    this.places.push({ data: JSON.stringify({ type, session_id: this.#names.sessionId }) });
  }
}

/** Converts the response of a function to one text: AgentScope's blocks have no JSON. */
function toText(response: Readonly<Record<string, unknown>>): string {
  const { result, error } = response;
  if (typeof error === 'string') return `Error: ${error}`;
  return typeof result === 'string' && Object.keys(response).length === 1 ? result : JSON.stringify(response);
}

/** @returns the time of a sign of a voice detection since the first audio, in ms; 0 if the model does not report times */
function readOffsetMs({ voiceActivity }: AgentEvent): number {
  const seconds = OFFSET.exec(voiceActivity?.audioOffset ?? '')?.[1];
  return seconds === undefined ? 0 : Math.round(Number(seconds) * 1_000);
}

/** Classes of errors in the words of OpenAI's API, from which AgentScope has them. */
function toErrorType(code: ErrorBody['code']): string {
  const { status } = errorCatalogue[code];
  if (code.startsWith('model_') || code.startsWith('response_')) return 'model_error';
  if (status === 401 || status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}
