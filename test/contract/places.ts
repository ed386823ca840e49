import type { History, HistoryRecord } from './history.ts';

/** Positions of a history at which a fault can be planted. */

export type Did<Name extends HistoryRecord['did']> = Extract<HistoryRecord, { did: Name }>;

const OF_THE_CONNECTION = ['session', 'hb', 'gap', 'reset', 'drain', 'superseded'];
const INTERRUPTED = '{"turn_complete":null,"interrupted":true}';

/** The places of all records of one kind. */
export function listPlaces(history: History, did: HistoryRecord['did']): number[] {
  return [...history.keys()].filter((place) => history[place]?.did === did);
}

/** @throws if there is another kind of record */
export function at<Name extends HistoryRecord['did']>(history: History, place: number, did: Name): Did<Name> {
  const record = history[place];
  if (record?.did !== did) throw new RangeError(`record ${place} is ${record?.did}, not ${did}`);
  return record as Did<Name>;
}

export function toldPlaces(history: History, ...names: string[]): number[] {
  return listPlaces(history, 'told').filter((place) => names.includes(at(history, place, 'told').name));
}

/**
 * Events of the log that nothing else can be taken for, told to a reader of which can be seen where it stands: it was told another since
 * it came.
 */
export function events(history: History): number[] {
  return listPlaces(history, 'told').filter((place) => {
    const before = toldBefore(history, place);
    const arrived = before.findLastIndex(({ name }) => name === 'session' || name === 'reset');
    return isUnique(history, place) && before.slice(arrived + 1).some(isOfLog);
  });
}

/** The place of the event of the log that the reader is told next, if nothing tells it anew where it stands before that. */
export function follower(history: History, place: number): number | undefined {
  const { reader } = at(history, place, 'told');
  for (let next = place + 1; next < history.length; next += 1) {
    const record = history[next];
    if (record?.did !== 'told' || record.reader !== reader) continue;
    if (isOfLog(record)) return next;
    if (record.name === 'session' || record.name === 'reset') return undefined;
  }
  return undefined;
}

/** Lists what the reader received before a position, in order. */
export function toldBefore(history: History, place: number): Did<'told'>[] {
  const { reader } = at(history, place, 'told');
  return history
    .slice(0, place)
    .filter((record): record is Did<'told'> => record.did === 'told' && record.reader === reader);
}

/** Whether the log holds it once. */
export function isUnique(history: History, place: number): boolean {
  const { name, data } = at(history, place, 'told');
  const frames = history.flatMap((record) => (record.did === 'appended' ? record.frames : []));
  return frames.filter((frame) => frame.name === name && frame.data === data).length === 1;
}

export function isAudio(history: History, place: number): boolean {
  return at(history, place, 'told').data.startsWith('{"mime_type":"audio/pcm"');
}

/** Whether audio was silenced before that place: what is missing of it needs no gap. */
export function isSilencedBefore(history: History, place: number): boolean {
  return history
    .slice(0, place)
    .some((record) => record.did === 'appended' && record.frames.some(({ data }) => data === INTERRUPTED));
}

/** Whether it is there to the end. */
export function stays(history: History, who: string): boolean {
  const settled = history.findIndex(({ did }) => did === 'settled');
  return settled >= 0 && !history.slice(0, settled).some((record) => record.did === 'left' && record.who === who);
}

/** The next item of the same client that is applied in the same epoch. */
export function nextApplied(history: History, place: number): number | undefined {
  const { epoch, item } = at(history, place, 'applied');
  const client = findClient(history, item);
  return listPlaces(history, 'applied').find((next) => {
    const other = at(history, next, 'applied');
    return next > place && other.epoch === epoch && findClient(history, other.item) === client;
  });
}

/** Whether it was said that the item is used, in an epoch that goes on to the end and of which no run fails. */
export function isPromised(history: History, place: number): boolean {
  const { epoch, item } = at(history, place, 'applied');
  const settled = history.findIndex(({ did }) => did === 'settled');
  const before = history.slice(0, settled);
  const shaken = before.some(
    (record) => (record.did === 'over' || record.did === 'run failed') && record.epoch === epoch,
  );
  return !shaken && before.some((record) => record.did === 'answered' && isAnswerTo(history, record, item, epoch));
}

/** The first item of the POST of an answer. */
export function findItem(
  history: History,
  { client, epoch, cseq }: Did<'answered'> | Did<'heard'>,
): number | undefined {
  const posts = history.filter((record) => record.did === 'posted');
  return posts.find((post) => post.client === client && post.epoch === epoch && post.cseq === cseq)?.items[0];
}

/** Finds the position at which the epoch after this one opens. */
export function nextOpened(history: History, epoch: string): number | undefined {
  const opened = listPlaces(history, 'opened');
  const index = opened.findIndex((place) => at(history, place, 'opened').epoch === epoch);
  return index < 0 ? undefined : opened[index + 1];
}

function isAnswerTo(history: History, answer: Did<'answered'>, item: number, epoch: string): boolean {
  return answer.answer === 'sent' && answer.epoch === epoch && findItem(history, answer) === item;
}

function findClient(history: History, item: number): string | undefined {
  return history.filter((record) => record.did === 'sent').find((record) => record.item === item)?.client;
}

function isOfLog({ name }: Did<'told'>): boolean {
  return !OF_THE_CONNECTION.includes(name);
}
