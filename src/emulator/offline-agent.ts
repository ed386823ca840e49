import {
  type FunctionDeclaration,
  findClock,
  findDescribed,
  type PlannedCall,
  planCall,
  planCalls,
  planDescribedChoice,
  readArguments,
  splitName,
} from './call-planner.ts';
import { parseNumberWords, spellNumber } from './number-words.ts';
import type { ReceivedImage, Turn } from './turn.ts';

/** Input of the agent for one turn. */
export interface Situation {
  /** Text that the user typed, empty if the user typed nothing. */
  readonly text: string;
  /** Duration of the user's speech, in seconds. Undefined if the user did not speak. */
  readonly speechSeconds?: number | undefined;
  /** Images received since the last turn. */
  readonly images: readonly ReceivedImage[];
  /** Turns before this one. */
  readonly history: readonly Turn[];
  readonly instruction: string;
  readonly functions: readonly FunctionDeclaration[];
  readonly canSearch: boolean;
  readonly modality: 'TEXT' | 'AUDIO';
}

export type Reply =
  | { readonly type: 'answer'; readonly text: string; readonly playsBack?: boolean }
  | { readonly type: 'call'; readonly calls: readonly PlannedCall[] };

export interface ToolOutcome {
  readonly name: string;
  /** Undefined if the tool did not answer in time. */
  readonly response: Record<string, unknown> | undefined;
  /** Images that came with the response. Default: none. */
  readonly images?: readonly ReceivedImage[];
}

const IDENTITY = 'I am the offline agent.';
const SUGGESTION = 'Ask me the time, ask me to count to twenty, or just speak.';
const KEY_HINT = 'Set GOOGLE_API_KEY to talk with the real model.';
/** Highest number that the agent counts to. */
const MAX_COUNT = 30;
/** Maximum number of functions that the agent suggests. */
const MAX_SUGGESTED = 3;
/** Maximum number of characters that the agent quotes from a tool's response. */
const MAX_QUOTED = 1_000;

/**
 * Chooses the reply of the agent that answers without a model. The agent recognizes a few requests by their words. For any other
 * message it introduces itself and suggests what to try. Its sentences consist of the phrases in `voice/phrases.txt`.
 */
export function chooseReply(situation: Situation): Reply {
  const { text, speechSeconds, functions } = situation;
  if (speechSeconds !== undefined && text.trim() === '') return answerSpeech(situation, speechSeconds);

  const known = readReportedOutcomes(text);
  if (known.length > 0) return createAnswer(describeOutcomes(known));
  const words = text.toLowerCase();
  const calls = planCalls(text, functions);
  if (calls.length > 0) return { type: 'call', calls };
  const choice = planDescribedChoice(words, functions, situation.instruction);
  if (choice) return { type: 'call', calls: [choice] };
  if (asksForTime(words)) {
    const clock = findClock(functions);
    if (!clock) return createAnswer('I have no tool for the time.');
    return { type: 'call', calls: [planCall(clock, text)] };
  }
  const answer = answerRequest(words, situation);
  if (answer !== undefined) return createAnswer(answer);
  const described = findDescribed(words, functions);
  if (described) return { type: 'call', calls: [planCall(described, text)] };
  return createAnswer(answerSmallTalk(words, functions));
}

/** Returns the answer to a request that needs no tool, or undefined if the words contain none. */
function answerRequest(words: string, { history, instruction, canSearch, images }: Situation): string | undefined {
  const count = /\bcount(?:\s+(?:aloud|up))?(?:\s+from\s+\S+)?(?:\s+to)?\s+([a-z]+(?:[- ][a-z]+)?|\d+)/.exec(words);
  if (count) return countTo(count[1] ?? '');
  if (
    /\bwhat (?:did|have) i (?:just )?(?:say|said|tell|told|write|written)\b|\bmy (?:last|previous) (?:message|words)\b/.test(
      words,
    )
  ) {
    const said = history.findLast((turn) => turn.role === 'user' && turn.text !== '')?.text;
    return said === undefined ? 'You said nothing before.' : `You said: ${said}`;
  }
  if (/\b(?:your|system) (?:instructions?|prompt)\b/.test(words)) {
    return instruction === '' ? `${IDENTITY} I have no instructions.` : `My instructions are: ${instruction}`;
  }
  if (canSearch && /\b(?:search|google|news|look up|weather|headlines?)\b/.test(words)) {
    return `I cannot search offline. ${KEY_HINT}`;
  }
  return images.length > 0 ? describeImages(images) : undefined;
}

function answerSmallTalk(words: string, functions: readonly FunctionDeclaration[]): string {
  // A message of punctuation alone asks the agent to speak first.
  if (/^[\s.]+$/.test(words)) return `Hello! ${IDENTITY} ${SUGGESTION}`;
  if (/\bthank(?:s| you)\b/.test(words)) return 'You are welcome.';
  if (/\b(?:bye|goodbye|see you)\b/.test(words)) return 'Goodbye.';
  if (/^\W*(?:hello|hi|hey|hola|good (?:morning|day|afternoon|evening))\b/.test(words))
    return `Hello! ${IDENTITY} ${SUGGESTION}`;
  return [IDENTITY, SUGGESTION, ...functions.slice(0, MAX_SUGGESTED).map(suggestCall), KEY_HINT].join(' ');
}

function suggestCall({ name }: FunctionDeclaration): string {
  return `I can call ${name}: say '${splitName(name).join(' ')}'.`;
}

/** Describes the results of the tools that the agent called. */
export function describeOutcomes(outcomes: readonly ToolOutcome[]): string {
  return outcomes.map((outcome) => describeOutcome(outcome, outcomes.length > 1)).join(' ');
}

/**
 * Reads results that a message reports as `(name was called for this, and returned {…})`, or as `(name, called before, returned {…})`. Such calls
 * are not made again.
 */
function readReportedOutcomes(text: string): ToolOutcome[] {
  return [...text.matchAll(/^\((\S+?)(?: was called for this, and|, called before,) returned (\{.*\})\)$/gm)].map(
    ([, name = '', json = '']) => ({
      name,
      response: readArguments(json),
    }),
  );
}

function describeOutcome({ images = [], ...outcome }: ToolOutcome, several: boolean): string {
  const said = describeResponse(outcome, several);
  return images.length > 0 ? `${said} ${describeImages(images)}` : said;
}

function describeResponse({ name, response }: ToolOutcome, several: boolean): string {
  if (response === undefined) return 'The tool did not answer.';
  const by = several ? ` (${name})` : '';
  if (response.error !== undefined) return `The tool failed${by}: ${abbreviate(response.error)}`;
  const time = splitName(name).includes('time') ? findTime(response) : undefined;
  if (time !== undefined) return `It is ${time}.`;
  return `The tool answered${by}: ${abbreviate(response.output ?? response.result ?? response)}`;
}

function answerSpeech({ images, modality }: Situation, seconds: number): Reply {
  if (seconds === 0) return createAnswer('I heard nothing.');
  const rounded = Math.max(0.1, Math.round(seconds * 10) / 10);
  const spoke = `You spoke for ${spellNumber(rounded).join(' ')} ${rounded === 1 ? 'second' : 'seconds'}.`;
  const seen = images.length > 0 ? ` ${describeImages(images)}` : '';
  if (modality === 'TEXT') return createAnswer(`${spoke}${seen}`);
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
  // Fall back to the first word: "count to twenty please" matches two words.
  const wanted = parseNumberWords(text) ?? parseNumberWords(text.split(/[- ]/)[0] ?? '') ?? 10;
  const last = Math.min(MAX_COUNT, Math.max(1, wanted));
  const counted = Array.from({ length: last }, (_, index) => spellNumber(index + 1).join('-')).join(', ');
  const sentence = `${counted.charAt(0).toUpperCase()}${counted.slice(1)}.`;
  return wanted > MAX_COUNT ? `I count to thirty at most. ${sentence}` : sentence;
}

function asksForTime(words: string): boolean {
  return /\bwhat(?:'s| is)? (?:the )?time\b|\btime is it\b|\b(?:the|current) time\b|\bo'clock\b|^\W*time\W*$/.test(
    words,
  );
}

/** Finds the first time of day in a response, such as `14:35` or `2:35 PM`. Prefers a local time to one in UTC. */
function findTime(response: Record<string, unknown>): string | undefined {
  const texts = collectTexts(response);
  const local = texts.filter((text) => !/\d(?:Z|\s?UTC|\s?GMT)$/.test(text));
  for (const text of [...local, ...texts]) {
    const match = /(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:\s*([AP])\.?M\b)?/i.exec(text);
    if (match) return `${Number(match[1])}:${match[2]}${match[3] ? ` ${match[3].toUpperCase()}M` : ''}`;
  }
  return undefined;
}

function collectTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(collectTexts) : [];
}

function abbreviate(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)} …` : text;
}

function createAnswer(text: string): Reply {
  return { type: 'answer', text };
}
