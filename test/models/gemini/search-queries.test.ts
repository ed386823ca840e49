import { expect, test } from '@jest/globals';
import type { ModelEvent, ModelSetup } from '../../../src/models/realtime-model.ts';
import { closesAfterEach } from '../cleanup.ts';
import { eventsUntil, modelAt, never, TEXT } from './gemini-model.ts';
import { startScriptedGemini } from './scripted-gemini.ts';

const closing = closesAfterEach();

async function open(setup: ModelSetup = TEXT) {
  const server = closing(await startScriptedGemini());
  const connection = closing(await modelAt(server.url).connect(setup, never));
  return { connection, peer: await server.connection(0) };
}

const search = (...webSearchQueries: unknown[]) => ({ serverContent: { groundingMetadata: { webSearchQueries } } });
const END = { serverContent: { turnComplete: true } };
const usagesOf = (events: readonly ModelEvent[]) =>
  events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []));
const END_TYPE = 'turn_complete';

test('search queries are counted in the next usage, each once a turn, however often the provider names it', async () => {
  const { connection, peer } = await open();
  peer.send(search('rain', 'wind'));
  peer.send(search('rain', 'wind', 'snow', 7));
  peer.send({ usageMetadata: { promptTokenCount: 1 } });
  peer.send({ usageMetadata: { promptTokenCount: 2 } });
  peer.send(END);
  const first = await eventsUntil(connection, END_TYPE);
  expect(usagesOf(first)).toEqual([{ promptTokenCount: 1, searchQueryCount: 3 }, { promptTokenCount: 2 }]);
  peer.send(search('rain'));
  peer.send({ ...END, usageMetadata: { promptTokenCount: 3 } });
  expect(usagesOf(await eventsUntil(connection, END_TYPE))).toEqual([{ promptTokenCount: 3, searchQueryCount: 1 }]);
});

test('search queries for a reply that the user has stopped are counted, although its sources are discarded', async () => {
  const { connection, peer } = await open();
  connection.send({ type: 'text', text: 'hello' });
  connection.send({ type: 'cancel' });
  peer.send(search('rain'));
  peer.send({ ...END, usageMetadata: { promptTokenCount: 1 } });
  const events = await eventsUntil(connection, 'usage');
  expect(usagesOf(events)).toEqual([{ promptTokenCount: 1, searchQueryCount: 1 }]);
  expect(events.map(({ type }) => type)).not.toContain('grounding');
});
