import type { History, HistoryRecord, Rule } from './history.ts';
import {
  at,
  type Did,
  events,
  findItem,
  follower,
  isAudio,
  isPromised,
  isSilencedBefore,
  isUnique,
  listPlaces,
  nextApplied,
  nextOpened,
  stays,
  toldBefore,
  toldPlaces,
} from './places.ts';

/** A way to spoil a valid history. */
export interface Fault {
  readonly name: string;
  /** Rules of which the checker must report at least one. */
  readonly rules: readonly Rule[];
  /** Lists the positions at which the fault is visible. */
  places(history: History): number[];
  plant(history: History, place: number): HistoryRecord[];
}

/** Number of an item that is never sent. */
const NO_ITEM = 32_000;

const without = (history: History, place: number) => history.toSpliced(place, 1);
const twice = (history: History, place: number) => history.toSpliced(place, 0, ...history.slice(place, place + 1));
const changed = (history: History, place: number, change: Partial<Did<'told'>>) =>
  history.toSpliced(place, 1, { ...at(history, place, 'told'), ...change });
const swapped = (history: History, one: number, other: number | undefined) => {
  const first = history[one];
  const second = history[other ?? one];
  return first && second && other !== undefined ? history.with(one, second).with(other, first) : [...history];
};

/** Events, and the gaps before them, that another follows. */
const followed = (history: History, places: number[]) =>
  places.filter((place) => follower(history, place) !== undefined);
const notAudio = (history: History, places: number[]) => places.filter((place) => !isAudio(history, place));
/** Keeps the positions at which the next event reveals the missing one. */
const missed = (history: History, places: number[]) =>
  followed(history, places).filter((place) => !isSilencedBefore(history, follower(history, place) ?? 0));
/** Gaps told to a reader of which can be seen where it stands. */
const gaps = (history: History) => {
  const known = new Set(events(history).flatMap((place) => toldBefore(history, place)));
  return toldPlaces(history, 'gap').filter(
    (place) => known.has(at(history, place, 'told')) && hasEventBefore(history, place),
  );
};
const hasEventBefore = (history: History, place: number) => {
  const before = toldBefore(history, place);
  return before.length > 0 && !['session', 'reset', 'gap', 'hb'].includes(before.at(-1)?.name ?? 'session');
};

export const faultsOfTheWayDown: readonly Fault[] = [
  {
    name: 'an event that is not delivered',
    rules: ['event skipped'],
    places: (history) => followed(history, notAudio(history, events(history))),
    plant: without,
  },
  {
    name: 'a last event that is not delivered',
    rules: ['reader behind', 'event skipped'],
    places: (history) =>
      notAudio(history, events(history)).filter(
        (place) => stays(history, at(history, place, 'told').reader) && isLast(history, place),
      ),
    plant: without,
  },
  { name: 'an event that is delivered twice', rules: ['event again'], places: events, plant: twice },
  {
    name: 'an event that is delivered again after the next',
    rules: ['event again'],
    places: (history) => followed(history, events(history)),
    plant: (history, place) => {
      const next = follower(history, place) ?? place;
      return history.toSpliced(next + 1, 0, at(history, place, 'told'));
    },
  },
  {
    name: 'two events that are delivered in the wrong order',
    // The second may not have been there yet.
    rules: ['event skipped', 'event unknown'],
    places: (history) =>
      followed(history, notAudio(history, events(history))).filter((place) => {
        const next = follower(history, place) ?? place;
        return isUnique(history, next) && !isAudio(history, next);
      }),
    plant: (history, place) => swapped(history, place, follower(history, place)),
  },
  {
    name: 'an event that differs from the log',
    rules: ['event unknown'],
    places: events,
    plant: (history, place) => changed(history, place, { data: '{"mime_type":"text/plain","data":"said by nobody"}' }),
  },
  {
    name: 'an event with the id of another',
    rules: ['wrong id'],
    places: (history) => events(history).filter((place) => at(history, place, 'told').id !== undefined),
    plant: (history, place) => changed(history, place, { id: at(history, place, 'told').id?.replace(/\..*/, '.0') }),
  },
  {
    name: 'missing audio without a gap',
    rules: ['gap wrong'],
    places: (history) =>
      missed(
        history,
        events(history).filter((place) => isAudio(history, place)),
      ),
    plant: without,
  },
  {
    name: 'a gap that is not delivered',
    rules: ['gap wrong'],
    places: (history) => missed(history, gaps(history)),
    plant: without,
  },
  {
    name: 'a gap that is announced too long',
    rules: ['gap wrong'],
    places: (history) => followed(history, gaps(history)),
    plant: (history, place) => changed(history, place, { data: '{"audio_ms":1000000}' }),
  },
  {
    name: 'a new epoch without a reset',
    rules: ['epoch without reset'],
    places: (history) =>
      followed(history, toldPlaces(history, 'reset')).filter((place) => {
        const sessions = toldBefore(history, place).filter(({ name }) => name === 'session');
        const [before, now] = sessions.slice(-2).map(({ data }) => JSON.parse(data).epoch);
        return toldBefore(history, place).at(-1)?.name === 'session' && now !== undefined && before !== now;
      }),
    plant: without,
  },
  {
    name: 'a reset without a reason',
    rules: ['reset without cause'],
    places: (history) => toldPlaces(history, 'hb'),
    plant: (history, place) => changed(history, place, { name: 'reset', data: '{"reason":"ahead"}' }),
  },
];

const answers = (history: History, answer: string) =>
  listPlaces(history, 'answered').filter((place) => at(history, place, 'answered').answer === answer);
const ofStaying = (history: History, did: 'sent' | 'refusal told') =>
  listPlaces(history, did).filter((place) => stays(history, at(history, place, did).client));

export const faultsOfTheWayUp: readonly Fault[] = [
  {
    name: 'an accepted item that is not applied',
    rules: ['accepted item not applied'],
    places: (history) => listPlaces(history, 'applied').filter((place) => isPromised(history, place)),
    plant: without,
  },
  {
    name: 'an item that is applied twice',
    rules: ['item twice'],
    places: (h) => listPlaces(h, 'applied'),
    plant: twice,
  },
  {
    name: 'two items that are applied in the wrong order',
    rules: ['item out of order', 'item never sent'],
    places: (history) => listPlaces(history, 'applied').filter((place) => nextApplied(history, place) !== undefined),
    plant: (history, place) => swapped(history, place, nextApplied(history, place)),
  },
  {
    name: 'an applied item that was never sent',
    rules: ['item never sent'],
    places: (history) => listPlaces(history, 'applied'),
    plant: (history, place) => history.toSpliced(place, 0, { ...at(history, place, 'applied'), item: NO_ITEM }),
  },
  {
    name: 'an item that is applied in the next epoch although its client knows that it was applied in this one',
    rules: ['item again after its answer'],
    places: (history) =>
      listPlaces(history, 'heard').filter((place) => {
        const heard = at(history, place, 'heard');
        const opened = nextOpened(history, heard.epoch) ?? 0;
        return heard.answer === 'sent' && findItem(history, heard) !== undefined && opened > place;
      }),
    plant: (history, place) => {
      const heard = at(history, place, 'heard');
      const opened = nextOpened(history, heard.epoch) ?? 0;
      const { epoch } = at(history, opened, 'opened');
      return history.toSpliced(opened + 1, 0, { did: 'applied', epoch, item: findItem(history, heard) ?? NO_ITEM });
    },
  },
  {
    name: 'an item without any result',
    rules: ['item lost'],
    places: (history) => ofStaying(history, 'sent'),
    plant: (history, place) =>
      history.toSpliced(place, 0, { ...at(history, place, 'sent'), item: NO_ITEM, kind: 'text' }),
  },
  {
    name: 'a refusal that is not reported',
    rules: ['refusal told wrongly'],
    places: (history) => ofStaying(history, 'refusal told'),
    plant: without,
  },
  {
    name: 'a refusal that is reported twice',
    rules: ['refusal told wrongly'],
    places: (history) => ofStaying(history, 'refusal told'),
    plant: twice,
  },
  {
    name: 'a refused item that is applied',
    rules: ['refused item applied'],
    places: (history) =>
      answers(history, 'refused').filter((place) => findItem(history, at(history, place, 'answered')) !== undefined),
    plant: (history, place) => {
      const answered = at(history, place, 'answered');
      const item = findItem(history, answered) ?? NO_ITEM;
      return history.toSpliced(place + 1, 0, { did: 'applied', epoch: answered.epoch, item });
    },
  },
  {
    name: 'a number that is reused for another item',
    rules: ['number used twice'],
    places: (history) => listPlaces(history, 'posted').filter((place) => at(history, place, 'posted').items.length > 0),
    plant: (history, place) => history.toSpliced(place + 1, 0, { ...at(history, place, 'posted'), items: [NO_ITEM] }),
  },
  {
    name: 'a repeated POST that is answered differently',
    rules: ['answer wrong'],
    places: (history) => answers(history, 'sent'),
    plant: (history, place) =>
      history.toSpliced(place + 1, 0, { ...at(history, place, 'answered'), answer: 'held', next: 0 }),
  },
];

function isLast(history: History, place: number): boolean {
  const { reader } = at(history, place, 'told');
  return !history.slice(place + 1).some((record) => record.did === 'told' && record.reader === reader);
}
