import type { LiveConversation } from '../../store/live-conversation.ts';
import type { AgentEvent, InlineData } from '../../wire/agent-event.ts';
import { listResultImages, omitResultImages } from '../../wire/result-images.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import type { PictureRecorder } from './picture-recorder.ts';

/** Records the events of one run in its conversation, and commits them a turn at a time. */
export class ConversationRecorder {
  readonly #conversation: LiveConversation;
  readonly #pictures: PictureRecorder | undefined;

  /** @param pictures stores the pictures of messages and results. Default: only their number is recorded */
  constructor(conversation: LiveConversation, pictures?: PictureRecorder) {
    this.#conversation = conversation;
    this.#pictures = pictures;
  }

  /**
   * Records an event that the run emits, if ADK saves events of its kind.
   * @param stateDelta changes of state to commit with the event. Default: none
   */
  record(event: AgentEvent, stateDelta?: StateDelta): void {
    const isBetweenTurns = !this.#conversation.hasUncommitted;
    if (isSaved(event)) this.#conversation.append(this.#storePictures(omitCompaction(event)), stateDelta);
    if (event.turnComplete || (isBetweenTurns && belongsToEarlierTurn(event))) this.#conversation.commitTurn();
  }

  /**
   * Records what the user typed.
   * @param duringReply a reply is being given: in the conversation the typed text comes after it
   * @param pictures pictures of the message
   */
  recordTyped(event: AgentEvent, duringReply: boolean, pictures: readonly InlineData[] = []): void {
    const files = this.#pictures?.store(pictures) ?? [];
    const parts = [...(event.content?.parts ?? []), ...files.map((fileData) => ({ fileData }))];
    const stored = files.length === 0 ? event : { ...event, content: { ...event.content, parts } };
    this.#conversation.appendTyped(stored, duringReply);
  }

  /** Commits what was said since the last complete turn. Call it when the run has ended. */
  finish(): void {
    this.#conversation.commitTurn();
  }

  /** Replaces the pictures in results of tools by their number and the names of their files. */
  #storePictures(event: AgentEvent): AgentEvent {
    if (!event.content?.parts?.some(({ functionResponse }) => functionResponse?.parts)) return event;
    const parts = event.content.parts.map((part) => {
      const { functionResponse } = part;
      if (!functionResponse?.parts) return part;
      const files = this.#pictures?.store(listResultImages(functionResponse)) ?? [];
      const omitted = omitResultImages(functionResponse);
      return { ...part, functionResponse: files.length === 0 ? omitted : { ...omitted, pictureFiles: files } };
    });
    return { ...event, content: { ...event.content, parts } };
  }
}

/** ADK saves complete events without audio. A resumption handle is not saved either: clients can read the conversation. */
function isSaved(event: AgentEvent): boolean {
  if (event.partial || event.status || event.liveSessionResumptionUpdate) return false;
  return !event.content?.parts?.[0]?.inlineData;
}

/** A recording is stored, and some words of the user are recognized, after the turn: the next turn may never come. */
function belongsToEarlierTurn({ answered, content }: AgentEvent): boolean {
  return answered === true || content?.parts?.[0]?.fileData !== undefined;
}

/** Omits the text of a summary, which the conversation keeps besides its events. What the summary has cost stays. */
function omitCompaction(event: AgentEvent): AgentEvent {
  if (event.actions?.compaction === undefined) return event;
  const { actions: _, ...others } = event;
  return others;
}
