import type { Turn } from './gemini-content.ts';
import type { ReceivedImage } from './gemini-media.ts';
import type { FunctionDeclaration } from './gemini-tools.ts';
import { numberWords, wordsToNumber } from './number-words.ts';

/** What the agent knows when its turn comes. */
export interface Situation {
  /** What the user typed; '' if nothing. */
  readonly text: string;
  /** How long the user spoke, in seconds; undefined if the user did not. */
  readonly speechSeconds?: number | undefined;
  /** Images that arrived since the last turn. */
  readonly images: readonly ReceivedImage[];
  /** The conversation before this. */
  readonly history: readonly Turn[];
  readonly instruction: string;
  readonly functions: readonly FunctionDeclaration[];
  readonly canSearch: boolean;
  readonly modality: 'TEXT' | 'AUDIO';
}

export type Reply =
  | { readonly type: 'answer'; readonly text: string; readonly playsBack?: boolean }
  | { readonly type: 'call'; readonly calls: readonly PlannedCall[] };

export interface PlannedCall {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly nonBlocking: boolean;
}

export interface ToolOutcome {
  readonly name: string;
  /** Undefined: it did not answer within the limit. */
  readonly response: Record<string, unknown> | undefined;
}

const WHO = 'I am the offline agent.';
const TRY = 'Ask me the time, ask me to count to twenty, or just speak.';
const REAL = 'Set GOOGLE_API_KEY to talk with the real model.';
const MAX_COUNT = 30;
/** Calls made for one message. */
const MAX_CALLS = 8;
/** Characters of a tool's response that are told. */
const MAX_TOLD = 1_000;

/**
 * The wits of the agent that answers without a model: what it does about a message. It knows a few things by their words
 * and says for everything else who it is and what one can try. Its sentences are made of the phrases in `voice/phrases.txt`.
 */
export function replyTo(situation: Situation): Reply {
  const { text, speechSeconds, images, history, functions } = situation;
  if (speechSeconds !== undefined && text.trim() === '') return answerSpeech(situation, speechSeconds);

  const known = knownOutcomes(text);
  if (known.length > 0) return answer(tellOutcomes(known));
  const words = text.toLowerCase();
  const calls = planCalls(text, functions);
  if (calls.length > 0) return { type: 'call', calls };
  if (asksForTime(words)) {
    const clock = findClock(functions);
    if (!clock) return answer('I have no tool for the time.');
    return { type: 'call', calls: [{ name: clock.name, args: argumentsIn(text), nonBlocking: clock.nonBlocking }] };
  }
  const count = /\bcount(?:\s+(?:aloud|up))?(?:\s+from\s+\S+)?(?:\s+to)?\s+([a-z]+(?:[- ][a-z]+)?|\d+)/.exec(words);
  if (count) return answer(countTo(count[1] ?? ''));
  if (
    /\bwhat (?:did|have) i (?:just )?(?:say|said|tell|told|write|written)\b|\bmy (?:last|previous) (?:message|words)\b/.test(
      words,
    )
  ) {
    const said = history.findLast((turn) => turn.role === 'user' && turn.text !== '')?.text;
    return answer(said === undefined ? 'You said nothing before.' : `You said: ${said}`);
  }
  if (/\b(?:your|system) (?:instructions?|prompt)\b/.test(words)) {
    const { instruction } = situation;
    return answer(instruction === '' ? `${WHO} I have no instructions.` : `My instructions are: ${instruction}`);
  }
  if (situation.canSearch && /\b(?:search|google|news|look up|weather|headlines?)\b/.test(words)) {
    return answer(`I cannot search offline. ${REAL}`);
  }
  if (images.length > 0) return answer(describeImages(images));
  if (/\bthank(?:s| you)\b/.test(words)) return answer('You are welcome.');
  if (/\b(?:bye|goodbye|see you)\b/.test(words)) return answer('Goodbye.');
  if (/^\W*(?:hello|hi|hey|hola|good (?:morning|day|afternoon|evening))\b/.test(words))
    return answer(`Hello! ${WHO} ${TRY}`);
  return answer(`${WHO} ${TRY} ${REAL}`);
}

/** What the agent says when the tools it called have answered. */
export function tellOutcomes(outcomes: readonly ToolOutcome[]): string {
  return outcomes.map((outcome) => tellOutcome(outcome, outcomes.length > 1)).join(' ');
}

/** What the user says that calls have returned, as `(name was called for this, and returned {…})`: they are not made again. */
function knownOutcomes(text: string): ToolOutcome[] {
  return [...text.matchAll(/^\((\S+) was called for this, and returned (\{.*\})\)$/gm)].map(
    ([, name = '', json = '']) => ({
      name,
      response: argumentsIn(json),
    }),
  );
}

function tellOutcome({ name, response }: ToolOutcome, several: boolean): string {
  if (response === undefined) return 'The tool did not answer.';
  const by = several ? ` (${name})` : '';
  if (response.error !== undefined) return `The tool failed${by}: ${brief(response.error)}`;
  const time = nameWords(name).includes('time') ? findTime(response) : undefined;
  if (time !== undefined) return `It is ${time}.`;
  return `The tool answered${by}: ${brief(response.output ?? response.result ?? response)}`;
}

function answerSpeech({ images, modality }: Situation, seconds: number): Reply {
  if (seconds === 0) return answer('I heard nothing.');
  const rounded = Math.max(0.1, Math.round(seconds * 10) / 10);
  const spoke = `You spoke for ${numberWords(rounded).join(' ')} ${rounded === 1 ? 'second' : 'seconds'}.`;
  const seen = images.length > 0 ? ` ${describeImages(images)}` : '';
  if (modality === 'TEXT') return answer(`${spoke}${seen}`);
  return { type: 'answer', text: `${spoke}${seen} This is what I heard.`, playsBack: true };
}

function describeImages(images: readonly ReceivedImage[]): string {
  const last = images.at(-1);
  if (!last) return '';
  const type =
    last.mimeType === 'image/webp' ? 'WebP' : last.mimeType.replace('image/', '').replace('jpg', 'jpeg').toUpperCase();
  const size = last.bytes >= 10_240 ? Math.round(last.bytes / 1024) : Math.round(last.bytes / 102.4) / 10;
  return `I received an image: ${type}, ${size} kilobytes.`;
}

function countTo(text: string): string {
  // "count to twenty please" has caught two words.
  const wanted = wordsToNumber(text) ?? wordsToNumber(text.split(/[- ]/)[0] ?? '') ?? 10;
  const last = Math.min(MAX_COUNT, Math.max(1, wanted));
  const counted = Array.from({ length: last }, (_, index) => numberWords(index + 1).join('-')).join(', ');
  const sentence = `${counted.charAt(0).toUpperCase()}${counted.slice(1)}.`;
  return wanted > MAX_COUNT ? `I count to thirty at most. ${sentence}` : sentence;
}

/** The functions all of whose name's words appear in the text; not one whose words are part of another's that does, too. */
function planCalls(text: string, functions: readonly FunctionDeclaration[]): PlannedCall[] {
  const said = new Set(nameWords(withoutJson(text)));
  const named = functions.filter(({ name }) => nameWords(name).every((word) => said.has(word)));
  const fullest = named.filter(
    ({ name }) => !named.some((other) => other.name !== name && isPartOf(nameWords(name), nameWords(other.name))),
  );
  const args = argumentsIn(text);
  return fullest.slice(0, MAX_CALLS).map(({ name, nonBlocking }) => ({ name, args, nonBlocking }));
}

function isPartOf(some: readonly string[], more: readonly string[]): boolean {
  return some.length < more.length && some.every((word) => more.includes(word));
}

function nameWords(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

function asksForTime(words: string): boolean {
  return /\bwhat(?:'s| is)? (?:the )?time\b|\btime is it\b|\b(?:the|current) time\b|\bo'clock\b|^\W*time\W*$/.test(
    words,
  );
}

function findClock(functions: readonly FunctionDeclaration[]): FunctionDeclaration | undefined {
  return (
    functions.find(({ name }) => name === 'current_time') ??
    functions.find(({ name }) => nameWords(name).includes('time') && nameWords(name).length <= 3)
  );
}

/** The first time of day in a response, as `14:35` or `2:35 PM`; a local one rather than one in UTC. */
function findTime(response: Record<string, unknown>): string | undefined {
  const texts = textsIn(response);
  const local = texts.filter((text) => !/\d(?:Z|\s?UTC|\s?GMT)$/.test(text));
  for (const text of [...local, ...texts]) {
    const match = /(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:\s*([AP])\.?M\b)?/i.exec(text);
    if (match) return `${Number(match[1])}:${match[2]}${match[3] ? ` ${match[3].toUpperCase()}M` : ''}`;
  }
  return undefined;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function argumentsIn(text: string): Record<string, unknown> {
  const json = jsonIn(text);
  if (json === undefined) return {};
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function jsonIn(text: string): string | undefined {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  return start >= 0 && end > start ? text.slice(start, end + 1) : undefined;
}

function withoutJson(text: string): string {
  const json = jsonIn(text);
  return json === undefined ? text : text.replace(json, ' ');
}

function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD)} …` : text;
}

function answer(text: string): Reply {
  return { type: 'answer', text };
}
