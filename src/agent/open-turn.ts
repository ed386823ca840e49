import type { ModelEvent } from '../models/realtime-model.ts';
import type { FunctionResponse } from '../wire/agent-event.ts';
import type { LiveRequest } from '../wire/live-request.ts';

/**
 * Characters of base64 of audio and images that are kept: 12 s of 16 kHz speech. Beyond it the oldest go first, and what was said in them is
 * not said again.
 */
const MAX_MEDIA = 512 * 1024;
/** Of typed text; the same happens beyond it. */
const MAX_TEXT = 256 * 1024;
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
  let heard = '';
  let results: FunctionResponse[] = [];
  const size = { media: 0, text: 0 };

  const dropOldest = (kind: 'media' | 'text') => {
    const index = open.findIndex((each) => each[kind] > 0);
    const [dropped] = open.splice(index, 1);
    if (dropped) size[kind] -= dropped[kind];
    if (answered !== undefined && index < answered) answered -= 1;
  };
  /** What is said while a reply is given waits for its end, but for the sound of the room. */
  const complete = () => {
    let overlap = interrupted ? Number.POSITIVE_INFINITY : OVERLAP;
    const rest = open.slice(answered ?? (interrupted ? lastText(open) : open.length));
    const kept = rest.toReversed().filter(({ media }) => {
      overlap -= media;
      return media === 0 || overlap >= 0;
    });
    open = kept.reverse();
    size.media = open.reduce((sum, { media }) => sum + media, 0);
    size.text = open.reduce((sum, { text }) => sum + text, 0);
    answered = undefined;
    interrupted = false;
    heard = '';
    results = [];
  };

  return {
    sent(request, eventId) {
      // It stops a reply, and does so once. A frame comes when it has been sent.
      if (request.interrupt || Object.keys(request).length === 0) return;
      const added = sentOf(request, eventId === undefined ? NONE : [eventId]);
      open.push(added);
      size.media += added.media;
      size.text += added.text;
      // The newest stays, whatever its size.
      while (size.media > MAX_MEDIA && size.media > added.media) dropOldest('media');
      while (size.text > MAX_TEXT && size.text > added.text) dropOldest('text');
    },
    take(event) {
      switch (event.type) {
        case 'input_transcript':
          heard += event.text;
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
          return;
        case 'turn_complete':
          complete();
      }
    },
    done(result) {
      results.push(result);
    },
    again() {
      // Once the model answers, it has heard all of it: in words the user's side is not told twice, and no call is made twice.
      if (answered !== undefined && (heard.trim() !== '' || results.length > 0)) {
        open = [...inWords(open.slice(0, answered), heard.trim(), results), ...open.slice(answered)];
      }
      answered = undefined;
      interrupted = false;
      heard = '';
      results = [];
      return open.map(({ request }) => request);
    },
    has: (eventId) => open.some(({ eventIds }) => eventIds.includes(eventId)),
  };
}

/** Where what interrupted the model before it said anything begins: nothing tells which of the sound that is, so with all of it. */
function lastText(open: readonly Sent[]): number {
  return Math.max(
    0,
    open.findLastIndex(({ text }) => text > 0),
  );
}

/** What was heard is said as it was understood; where it was not, it is heard again. A call that was made is told with what it returned. */
function inWords(open: readonly Sent[], heard: string, results: readonly FunctionResponse[]): Sent[] {
  const unheard = heard === '' ? open.filter(({ media }) => media > 0) : [];
  const typed = open.flatMap(({ request }) => request.content?.parts?.flatMap(({ text }) => text ?? []) ?? []);
  const returned = results.map(
    ({ name, response }) => `(${name} was called for this, and returned ${JSON.stringify(response)})`,
  );
  const texts = [heard, ...typed, ...returned].filter((text) => text !== '');
  const content = { role: 'user', parts: [{ text: texts.join('\n') }] };
  return [
    ...unheard,
    sentOf(
      { content },
      open.flatMap(({ eventIds }) => eventIds),
    ),
  ];
}

function sentOf(request: LiveRequest, eventIds: readonly string[]): Sent {
  return { request, eventIds, media: mediaSize(request), text: textSize(request) };
}

function mediaSize({ blob, content }: LiveRequest): number {
  let size = blob?.data.length ?? 0;
  for (const { inlineData } of content?.parts ?? []) size += inlineData?.data.length ?? 0;
  return size;
}

function textSize({ content }: LiveRequest): number {
  return content?.parts?.reduce((sum, { text }) => sum + (text?.length ?? 0), 0) ?? 0;
}
