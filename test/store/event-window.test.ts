import { expect, test } from '@jest/globals';
import { EventWindow, measureEvent } from '../../src/store/event-window.ts';
import { textEvent } from './events.ts';

const UNLIMITED = { events: 10_000, characters: 10_000_000 };

function fill(count: number, limits = UNLIMITED) {
  const window = new EventWindow(limits);
  const events = Array.from({ length: count }, (_, index) => textEvent(`text ${index}`));
  for (const event of events) window.append(event);
  return { window, events };
}

const sum = (events: readonly ReturnType<typeof textEvent>[]) =>
  events.reduce((characters, event) => characters + measureEvent(event), 0);

test('a window counts the events that no summary covers, also while it drops and removes events', () => {
  const { window, events } = fill(10);
  expect(window.unsummarized).toEqual({ events: 10, characters: sum(events) });
  window.markSummarized(events[3]?.id ?? '');
  expect(window.unsummarized).toEqual({ events: 6, characters: sum(events.slice(4)) });
  window.markSummarized(events[1]?.id ?? '');
  window.markSummarized('unknown');
  expect(window.unsummarized.events).toBe(6);
  window.remove(new Set([events[0]?.id ?? '', events[9]?.id ?? '']));
  expect(window.unsummarized).toEqual({ events: 5, characters: sum(events.slice(4, 9)) });
  window.trim(sum(events.slice(6, 9)));
  expect(window.unsummarized).toEqual({ events: 3, characters: sum(events.slice(6, 9)) });
  expect(window.list(window.unsummarized.events)).toEqual(events.slice(6, 9));
});

test('the count is right after thousands of dropped events', () => {
  const { window, events } = fill(2_000, { events: 100, characters: 1_000_000 });
  expect(window.unsummarized).toEqual({ events: 100, characters: sum(events.slice(-100)) });
  window.markSummarized(events[1_949]?.id ?? '');
  expect(window.unsummarized).toEqual({ events: 50, characters: sum(events.slice(-50)) });
  for (let count = 0; count < 700; count += 1) window.append(textEvent('more'));
  expect(window.unsummarized.events).toBe(100);
  expect(window.unsummarized.characters).toBe(window.characters);
});
