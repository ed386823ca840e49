import type { AgentEvent, Part } from '../agent-event.ts';
import { extractGrounding } from '../grounding.ts';
import type { LogEntry, SessionNames } from '../log-entry.ts';
import type { ConnectionEvents } from '../named-events.ts';
import type { ErrorBody } from '../wire-error.ts';
import { decodeAgentScopeItem, isSessionCreate } from './agentscope-items.ts';
import { AgentScopeWriter } from './agentscope-writer.ts';
import type { Dialect, Frame } from './dialect.ts';
import { describeReplyFailure } from './reply-failure.ts';
import { encodeSessionChange } from './session-frames.ts';

/** Names of an entry of a log whose owner has not named anything. */
const NO_NAMES: SessionNames = { epoch: '', sessionId: '', agent: 'agent' };

/** A frame, or `undefined` in the place of audio that is not sent. */
type Place = Frame | undefined;

interface Variant {
  /** As in `Dialect`. */
  readonly hasAudio: boolean;
  /**
   * Whether the words of the user are sent while they are spoken. The page of AgentScope appends both these pieces and the complete transcript, and
   * would show each sentence twice.
   */
  readonly hasInputDeltas: boolean;
}

/**
 * The dialect of AgentScope 1.0: ServerEvents down, ClientEvents up. Each message is a pure function of an entry and its marks. The text of an agent that
 * writes takes the place of its transcript, because no ServerEvent has text. What no ServerEvent can say is a named event of the plain dialect: the state
 * of the model, cancelled calls, interim transcripts, sources, and why the session has ended.
 * @see https://github.com/agentscope-ai/agentscope/tree/v1/src/agentscope/realtime/_events
 */
class AgentScopeDialect implements Dialect {
  readonly name = 'agentscope';
  readonly hasAudio: boolean;
  readonly decodeItem = decodeAgentScopeItem;
  readonly recognizes = isSessionCreate;
  readonly #hasInputDeltas: boolean;

  constructor({ hasAudio, hasInputDeltas }: Variant) {
    this.hasAudio = hasAudio;
    this.#hasInputDeltas = hasInputDeltas;
  }

  encodeEntry(entry: LogEntry): readonly Place[] {
    const { message, marks } = entry;
    const writer = new AgentScopeWriter(entry.names ?? NO_NAMES, message.event?.author, entry.turn);
    if (message.event) {
      if (marks?.inputBegins) writer.writeInputStarted(message.event, marks.input);
      this.#encodeInput(entry, message.event, writer);
      if (marks?.replyBegins) writer.writeResponseCreated();
      this.#encodeReply(message.event, writer);
      encodeNamedEvents(message.event, entry.turn, writer);
      if (marks?.agentReady) writer.writeAgentReady();
      if (marks?.replyEnds) writer.writeResponseDone(marks.replyEnds);
    }
    if (message.failure) writer.writeError(message.failure);
    if (message.reconfigured) writer.writeSessionUpdated();
    const change = encodeSessionChange(message);
    if (change) writer.places.push(change);
    if (message.end) {
      writer.writeAgentEnded();
      writer.writeSessionEnded();
      writer.writeNamed('end', message.end);
    }
    return writer.places;
  }

  encodeControl<Name extends keyof ConnectionEvents>(name: Name, data: ConnectionEvents[Name]): readonly Frame[] {
    // A reader without audio misses none.
    if (name === 'gap' && !this.hasAudio) return [];
    const named: Frame = { event: name, data: JSON.stringify(data) };
    return 'session_id' in data ? [named, encodeSessionCreated(data.session_id)] : [named];
  }

  encodeRefusal(error: ErrorBody, names: Pick<SessionNames, 'agent' | 'agentName'>): Frame {
    return new AgentScopeWriter({ ...NO_NAMES, ...names }, undefined, 0).writeError(error);
  }

  /** Of the words of an utterance, the page shows the end of speech before the complete transcript. */
  #encodeInput({ marks }: LogEntry, event: AgentEvent, writer: AgentScopeWriter): void {
    const { inputTranscription: words } = event;
    if (marks?.inputEnds) writer.writeInputDone(event, marks.input);
    if (!words) return;
    if (words.finished) writer.writeTranscriptionDone(words.text, marks?.input);
    else if (this.#hasInputDeltas) writer.writeTranscriptionDelta(words.text, marks?.input);
  }

  #encodeReply(event: AgentEvent, writer: AgentScopeWriter): void {
    const { outputTranscription: spoken, content, errorCode, status } = event;
    if (spoken && !spoken.finished && spoken.text !== '') writer.writeTranscriptDelta(spoken.text);
    if (content?.parts) for (const part of content.parts) this.#encodePart(part, event.partial === true, writer);
    if (errorCode) writer.writeError(describeReplyFailure(errorCode));
    if (status?.upstream === 'failed') writer.writeAgentEnded();
  }

  #encodePart(part: Part, partial: boolean, writer: AgentScopeWriter): void {
    if (part.inlineData) {
      const { mimeType, data } = part.inlineData;
      if (data === '') return;
      if (this.hasAudio && mimeType.startsWith('audio/')) writer.writeAudioDelta(mimeType, data);
      else writer.skip();
    } else if (part.droppedAudio) writer.skip();
    else if (part.functionCall) writer.writeToolUse(part.functionCall);
    else if (part.functionResponse) writer.writeToolResult(part.functionResponse);
    else if (part.text && partial && !part.thought) writer.writeTranscriptDelta(part.text);
  }
}

function encodeNamedEvents(event: AgentEvent, turn: number, writer: AgentScopeWriter): void {
  const { interimInputTranscription: interim, toolConfirmation, toolCancellation, groundingMetadata, status } = event;
  if (interim) writer.writeNamed('interim_transcript', { text: interim.text, turn });
  if (toolConfirmation) writer.writeNamed('tool_confirmed', toolConfirmation);
  if (toolCancellation) for (const id of toolCancellation) writer.writeNamed('tool_cancel', { id });
  const grounding = groundingMetadata && extractGrounding(groundingMetadata);
  if (grounding) writer.writeNamed('grounding', { turn, ...grounding });
  if (status) writer.writeNamed('status', status);
}

function encodeSessionCreated(sessionId: string): Frame {
  return { data: JSON.stringify({ type: 'server_session_created', session_id: sessionId }) };
}

export const agentScopeDialect: Dialect = new AgentScopeDialect({ hasAudio: true, hasInputDeltas: true });
export const silentAgentScopeDialect: Dialect = new AgentScopeDialect({ hasAudio: false, hasInputDeltas: true });
/** For the page of AgentScope, which asks for no dialect. */
export const agentScopePageDialect: Dialect = new AgentScopeDialect({ hasAudio: true, hasInputDeltas: false });
