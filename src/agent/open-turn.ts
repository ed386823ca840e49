import type { ModelEvent } from '../models/realtime-model.ts';
import type { FunctionResponse } from '../wire/agent-event.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import { mediaLength, textLength } from '../wire/request-weight.ts';
import { isFrame } from './send-request.ts';

/**
 * Characters of base64 of audio and images that are kept: 12 s of 16 kHz speech. Beyond it the oldest go first, and what was said in them is
 * not said again.
 */
const MAX_MEDIA = 512 * 1024;
/** Of typed text; the same happens beyond it. */
const MAX_TEXT = 256 * 1024;
/** Requests; the same happens beyond it. Signs of activity have no size, and a model that never ends a turn must not have us keep them all. */
const MAX_REQUESTS = 4_000;
/** Results of calls, and the same again. */
const MAX_RESULTS = 32;
/** What is kept of the audio that was sent before a turn was complete, characters: a second, in which the user may have begun to speak again. */
const OVERLAP = 43_000;

/** What the user has said that the model has not answered to the end: if the connection is lost before it has, it is said again. */
export interface OpenTurn {
  /** It has gone to the model. @param eventId of the event that it is in the conversation */
  sent(request: LiveRequest, eventId?: string): void;
  /** The model has said this. */
  take(event: ModelEvent): void;
  /** A call of this turn has its result. */
  done(result: FunctionResponse): void;
  /** The connection is lost: all of it is said again, in the order in which it was said, and the reply begins anew. */
  again(): readonly LiveRequest[];
  /** Whether an event of the conversation is a part of it. */
  has(eventId: string): boolean;
  /** Something was typed, or heard, that waits for its answer; of sound alone nobody knows. */
  readonly waits: boolean;
}

const NONE: readonly string[] = [];

interface Sent {
  readonly request: LiveRequest;
  readonly eventIds: readonly string[];
  readonly media: number;
  readonly text: number;
}

export function createOpenTurn(): OpenTurn {
  let open: Sent[] = [];
  /** How many of them the reply being given may answer: what came after it had begun is for the next one. */
  let answered: number | undefined;
  let interrupted = false;
  /** How many of them the user asked to stop the answer to. */
  let stopped: number | undefined;
  let heard = '';
  let results: FunctionResponse[] = [];
  const size = { media: 0, text: 0 };

  const drop = (index: number) => {
    const [dropped] = open.splice(index, 1);
    size.media -= dropped?.media ?? 0;
    size.text -= dropped?.text ?? 0;
    if (answered !== undefined && index < answered) answered -= 1;
    if (stopped !== undefined && index < stopped) stopped -= 1;
  };
  const dropOldest = (kind: 'media' | 'text') => drop(open.findIndex((each) => each[kind] > 0));
  /** Of what is shown the newest takes the place of what came before, or a camera would leave no room for speech; unless a text is about that. */
  const dropFrame = () => {
    for (let index = open.length - 1; index >= (answered ?? 0); index -= 1) {
      const { blob, content } = open[index]?.request ?? {};
      if (content) return;
      if (blob && isFrame(blob)) {
        drop(index);
        return;
      }
    }
  };
  const begin = (kept: Sent[]) => {
    open = kept;
    size.media = open.reduce((sum, { media }) => sum + media, 0);
    size.text = open.reduce((sum, { text }) => sum + text, 0);
    answered = undefined;
    interrupted = false;
    stopped = undefined;
    heard = '';
    results = [];
  };
  /** What is said while a reply is given waits for its end, but for the sound of the room. */
  const complete = () => {
    let overlap = interrupted ? Number.POSITIVE_INFINITY : OVERLAP;
    const rest = open.slice(answered ?? (interrupted ? lastText(open) : open.length));
    const kept = rest.toReversed().filter(({ media }) => {
      overlap -= media;
      return media === 0 || overlap >= 0;
    });
    begin(kept.reverse());
  };

  return {
    sent(request, eventId) {
      // It stops a reply, and does so once. A frame comes when it has been sent.
      if (request.interrupt) stopped = open.length;
      if (request.interrupt || Object.keys(request).length === 0) return;
      const added = sentOf(request, eventId === undefined ? NONE : [eventId]);
      if (request.blob && isFrame(request.blob)) dropFrame();
      open.push(added);
      size.media += added.media;
      size.text += added.text;
      // The newest stays, whatever its size.
      while (size.media > MAX_MEDIA && size.media > added.media) dropOldest('media');
      while (size.text > MAX_TEXT && size.text > added.text) dropOldest('text');
      if (open.length > MAX_REQUESTS) drop(0);
    },
    take(event) {
      switch (event.type) {
        case 'input_transcript':
          heard = (heard + event.text).slice(-MAX_TEXT);
          // It was told whole: heard again, it would be told twice.
          if (event.finished) answered ??= open.length;
          return;
        case 'audio':
        case 'text':
        case 'output_transcript':
        case 'tool_call':
          answered ??= open.length;
          return;
        case 'interrupted':
          interrupted = true;
          answered ??= stopped;
          return;
        case 'turn_complete':
          complete();
      }
    },
    done(result) {
      results.push(result);
      if (results.length > MAX_RESULTS) results.shift();
    },
    again() {
      // Once the model answers, it has heard all of it: in words the user's side is not told twice, and no call is made twice.
      const known = answered !== undefined && (heard.trim() !== '' || results.length > 0);
      begin(known ? [...inWords(open.slice(0, answered), heard.trim(), results), ...open.slice(answered)] : open);
      return open.map(({ request }) => request);
    },
    has: (eventId) => open.some(({ eventIds }) => eventIds.includes(eventId)),
    get waits() {
      return answered !== undefined || heard !== '' || open.some(({ text }) => text > 0);
    },
  };
}

/** Where what interrupted the model before it said anything begins: nothing tells which of the sound that is, so with all of it. */
function lastText(open: readonly Sent[]): number {
  return Math.max(
    0,
    open.findLastIndex(({ text }) => text > 0),
  );
}

/**
 * What was heard is said as it was understood; where it was not, it is heard again. What was shown is shown again, and a call that was made is
 * told with what it returned.
 */
function inWords(open: readonly Sent[], heard: string, results: readonly FunctionResponse[]): Sent[] {
  const again = open.filter(({ request: { blob, content } }) => !content && (heard === '' || (blob && isFrame(blob))));
  const said = open.flatMap(({ request }) => request.content?.parts ?? []);
  const returned = results.map(
    ({ name, response }) => `(${name} was called for this, and returned ${JSON.stringify(response)})`,
  );
  const texts = [heard, ...said.flatMap(({ text }) => text ?? []), ...returned].filter((text) => text !== '');
  const images = said.flatMap(({ inlineData }) => (inlineData ? { inlineData } : []));
  const content = { role: 'user', parts: [...images, { text: texts.join('\n') }] };
  return [
    ...again,
    sentOf(
      { content },
      open.flatMap(({ eventIds }) => eventIds),
    ),
  ];
}

function sentOf(request: LiveRequest, eventIds: readonly string[]): Sent {
  return { request, eventIds, media: mediaLength(request), text: textLength(request.content) };
}
