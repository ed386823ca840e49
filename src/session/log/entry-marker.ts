import type { AgentEvent, UpstreamStatus, UsageMetadata } from '../../wire/agent-event.ts';
import { BoundedMap } from '../../wire/bounded-map.ts';
import type { EntryMarks } from '../../wire/log-entry.ts';

/** Maximum number of turns that are open at a time. Beyond it the turn that was opened first gets no mark of its end. */
const MAX_OPEN_TURNS = 100;

/** Content of a turn so far. */
interface OpenReply {
  hasAudio: boolean;
  hasTranscript: boolean;
  hasText: boolean;
  interrupted: boolean;
  usage: UsageMetadata | undefined;
}

/** State of the newest utterance of the user. `spoken`: a voice detection has reported its end, and its words may follow. */
type InputState = 'over' | 'open' | 'spoken';

/** Finds what begins or ends with each entry of a log: utterances of the user, turns, and the time until the model can be reached. */
export class EntryMarker {
  readonly #replies = new BoundedMap<number, OpenReply>(MAX_OPEN_TURNS);
  /** Number of utterances of the user that have begun. */
  #inputs = 0;
  #input: InputState = 'over';
  /** Whether a run has begun and its model cannot be reached yet. */
  #isConnecting = false;

  /**
   * Follows one event of the log.
   * @param turn number of the turn that the event belongs to
   * @param isReply whether the event is part of a reply
   * @returns `undefined` for an entry with which nothing begins or ends: nearly all
   */
  mark(event: AgentEvent, turn: number, isReply: boolean): EntryMarks | undefined {
    if (event.status) return this.#markStatus(event.status);
    const input = hasInput(event) ? this.#markInput(event) : undefined;
    if (event.author === 'user') return input;
    let reply = this.#replies.get(turn);
    const begins = !reply && isReply;
    if (begins) {
      reply = { hasAudio: false, hasTranscript: false, hasText: false, interrupted: false, usage: undefined };
      this.#replies.set(turn, reply);
    }
    if (reply) follow(reply, event);
    if (!begins && !(reply && event.turnComplete)) return input;
    const ends = reply && event.turnComplete ? this.#end(turn, reply) : undefined;
    return { ...input, ...(begins ? { replyBegins: true } : {}), ...(ends ? { replyEnds: ends } : {}) };
  }

  /** The model is `ready`, too, when it ends its work in the background. */
  #markStatus({ upstream }: UpstreamStatus): EntryMarks | undefined {
    if (upstream === 'connecting') this.#isConnecting = true;
    if (upstream !== 'ready' || !this.#isConnecting) return undefined;
    this.#isConnecting = false;
    return { agentReady: true };
  }

  #markInput({ inputTranscription: words, voiceActivity }: AgentEvent): EntryMarks | undefined {
    const sign = voiceActivity?.voiceActivityType;
    const isStart = sign === 'ACTIVITY_START';
    const isEnd = sign === 'ACTIVITY_END';
    // A sign without an utterance: of the end of noise, or of the start of what has started already.
    if (isEnd && !words && this.#input !== 'open') return undefined;
    const begins = this.#input === 'over' || (isStart && this.#input === 'spoken');
    if (begins) this.#inputs += 1;
    const wasOpen = begins || this.#input === 'open';
    const isComplete = words?.finished === true;
    const ends = wasOpen && (isEnd || isComplete);
    this.#input = isComplete ? 'over' : ends || !wasOpen ? 'spoken' : 'open';
    return { ...(begins ? { inputBegins: true } : {}), ...(ends ? { inputEnds: true } : {}), input: this.#inputs };
  }

  #end(turn: number, { usage, interrupted, ...contained }: OpenReply): EntryMarks['replyEnds'] {
    this.#replies.delete(turn);
    return { ...contained, ...(interrupted ? { interrupted } : {}), ...(usage ? { usage } : {}) };
  }
}

function hasInput({ inputTranscription, interimInputTranscription, voiceActivity }: AgentEvent): boolean {
  return (inputTranscription ?? interimInputTranscription ?? voiceActivity) !== undefined;
}

function follow(reply: OpenReply, event: AgentEvent): void {
  const { content, partial, outputTranscription, usageMetadata } = event;
  for (const { inlineData, text, thought } of content?.parts ?? []) {
    if (inlineData?.mimeType.startsWith('audio/')) reply.hasAudio = true;
    else if (text && partial && !thought) reply.hasText = true;
  }
  if (outputTranscription) reply.hasTranscript = true;
  if (event.interrupted) reply.interrupted = true;
  // A count of searches comes without the tokens.
  if (usageMetadata) reply.usage = { ...reply.usage, ...usageMetadata };
}
