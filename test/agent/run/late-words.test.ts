import { expect, test } from '@jest/globals';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { asked, flushEvents, replied, SPEECH, startFakeTalk } from '../fake-talk.ts';

const closing = closesAfterEach();

test('a transcript that arrives after the reply and its turn_complete belongs to the turn that has ended', async () => {
  const store = createMemoryStore();
  const first = startFakeTalk({ store });
  closing(first.talk);
  const provider = await first.model.connection(0);
  first.talk.queue.sendRealtime(SPEECH);
  await provider.nextInput('audio');
  provider.transcribe('Booked.', true);
  provider.completeTurn();
  await first.talk.turn(1);
  provider.hear('Book a ');
  provider.hear('table.', true);
  await flushEvents(first.talk, provider);
  const late = first.talk.events.filter(({ inputTranscription }) => inputTranscription?.finished);
  expect(late).toMatchObject([{ inputTranscription: { text: 'Book a table.' }, answered: true }]);
  await first.talk.close();

  const second = startFakeTalk({ store });
  closing(second.talk);
  const { setup } = await second.model.connection(0);
  expect(setup.history).toEqual([asked('Book a table.'), replied('Booked.')]);
  expect(setup.answered).toBe(true);
});

test('a transcript of the next question is no late one if the words of the last question were known', async () => {
  const { talk, model } = startFakeTalk();
  closing(talk);
  const provider = await model.connection(0);
  talk.queue.sendRealtime(SPEECH);
  await provider.nextInput('audio');
  provider.hear('Hello.', true);
  provider.transcribe('Hi.', true);
  provider.completeTurn();
  await talk.turn(1);
  talk.queue.sendRealtime(SPEECH);
  provider.hear('And now?', true);
  await flushEvents(talk, provider);
  const heard = talk.events.filter(({ inputTranscription }) => inputTranscription?.finished);
  expect(heard.map(({ answered }) => answered)).toEqual([undefined, undefined]);
});
