import type { GeminiFamily } from 'bidi-sse';
import {
  askCancel,
  askEmptyTurn,
  askEndOfAudio,
  askExchanges,
  askFrames,
  askInterimTranscripts,
  askSpeaksOnly,
  askTextAsRealtimeInput,
  askToolParameters,
} from './conversation-questions.ts';
import type { Finding, LiveModel } from './live-model.ts';
import { askResumedInstruction } from './resumption-question.ts';
import {
  askAffectiveDialog,
  askAsynchronousTools,
  askLanguage,
  askProactivity,
  askThinking,
  askVoices,
  describeVoices,
} from './setup-questions.ts';
import { askRepeatsEmptyResults, askResultMedia, askScheduling } from './tool-questions.ts';

/** A property of the table, or a fact that holds for all families. */
export interface Row {
  readonly name: string;
  /** What the table says about a family. Undefined: the runtime accepts either. */
  readonly expected: (family: GeminiFamily) => string | undefined;
  readonly finding: Promise<Finding>;
}

/**
 * Asks the model all questions.
 * @returns the rows, of which each has its finding as soon as the model has answered
 * @throws {UnexaminedError} if the model accepts no setup
 */
export async function examine(model: LiveModel): Promise<readonly Row[]> {
  const thinking = await askThinking(model);
  const text = nameFailure(askTextAsRealtimeInput(model));
  const tools = nameFailure(askAsynchronousTools(model));
  const manner = Promise.all([text, tools]).then(([{ value: asText }, { value: asTools }]) => ({
    textAsRealtimeInput: asText === 'yes',
    asynchronousTools: asTools === 'yes',
  }));
  const transcript = Promise.withResolvers<Finding>();
  const endOfAudio = nameFailure(askEndOfAudio(model, transcript.resolve));
  void endOfAudio.then(() => transcript.resolve({ seen: 'the recording was not sent' }));
  const row = (name: string, finding: Promise<Finding>, expected: Row['expected']): Row => ({
    name,
    expected,
    finding: nameFailure(finding),
  });
  return [
    row(
      'speaksOnly',
      manner.then((known) => askSpeaksOnly(model, known)),
      ({ speaksOnly }) => yesOrNo(speaksOnly),
    ),
    row('voices', askVoices(model), ({ voices }) => describeVoices(voices)),
    row('textAsRealtimeInput', text, ({ textAsRealtimeInput }) => yesOrNo(textAsRealtimeInput)),
    row('endOfAudio', endOfAudio, (family) => family.endOfAudio),
    row(
      'toolParameters',
      manner.then((known) => askToolParameters(model, known)),
      (family) => family.toolParameters,
    ),
    row('asynchronousTools', tools, ({ asynchronousTools }) => yesOrNo(asynchronousTools)),
    row(
      'resultMedia',
      manner.then((known) => askResultMedia(model, known)),
      ({ resultMedia }) => (resultMedia.includes('image/png') ? 'image/png' : 'no image/png'),
    ),
    row(
      'scheduling',
      manner.then((known) => askScheduling(model, known)),
      ({ scheduling }) => (scheduling === 'closes' ? 'closes' : 'does not close'),
    ),
    row(
      'repeatsEmptyResults',
      manner.then((known) => askRepeatsEmptyResults(model, known)),
      ({ repeatsEmptyResults }) => yesOrNo(repeatsEmptyResults),
    ),
    row(
      'resumedInstruction',
      manner.then((known) => askResumedInstruction(model, known)),
      ({ resumedInstruction }) => resumedInstruction,
    ),
    row('thinking', Promise.resolve(thinking), ({ thinking: known }) => describeThinking(known)),
    row(
      'exchanges',
      manner.then((known) => askExchanges(model, known)),
      (family) => family.exchanges,
    ),
    row(
      'cancel',
      manner.then((known) => askCancel(model, known)),
      (family) => family.cancel,
    ),
    row(
      'emptyTurn',
      manner.then((known) => askEmptyTurn(model, known)),
      ({ emptyTurn }) => (emptyTurn === 'unknown' ? undefined : emptyTurn),
    ),
    row('proactivity', askProactivity(model), (family) => family.proactivity),
    row('affectiveDialog', askAffectiveDialog(model), ({ affectiveDialog }) => yesOrNo(affectiveDialog)),
    row('language', askLanguage(model), ({ language }) => yesOrNo(language)),
    row('alwaysTranscribes', transcript.promise, ({ alwaysTranscribes }) => yesOrNo(alwaysTranscribes)),
    row('interimTranscripts', askInterimTranscripts(model), ({ interimTranscripts }) => yesOrNo(interimTranscripts)),
    row(
      'typed question sees a frame',
      manner.then((known) => askFrames(model, known)),
      ({ textAsRealtimeInput }) => yesOrNo(textAsRealtimeInput),
    ),
  ];
}

/** Counts the rows in which a family differs from what was found. */
export function countDifferences(found: readonly { row: Row; finding: Finding }[], family: GeminiFamily): number {
  return found.filter(({ row, finding }) => differs(row.expected(family), finding)).length;
}

export function differs(expected: string | undefined, { value }: Finding): boolean {
  return expected !== undefined && value !== undefined && expected !== value;
}

/** Makes a failure a finding without a value. */
function nameFailure(finding: Promise<Finding>): Promise<Finding> {
  return finding.catch((error: unknown) => ({ seen: error instanceof Error ? error.message : String(error) }));
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function describeThinking(thinking: GeminiFamily['thinking']): string {
  if (thinking === 'closes') return 'none';
  return thinking === 'ignored' || thinking.defaultLevel === undefined ? 'optional' : 'required';
}
