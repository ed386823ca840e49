import { describe, expect, test } from '@jest/globals';
import { type Reply, replyTo, type Situation, tellOutcomes } from '../../src/emulator/offline-agent.ts';

const QUIET: Situation = {
  text: '',
  images: [],
  history: [],
  instruction: '',
  functions: [],
  canSearch: false,
  modality: 'AUDIO',
};

function reply(text: string, situation: Partial<Situation> = {}): Reply {
  return replyTo({ ...QUIET, text, ...situation });
}

function answer(text: string, situation: Partial<Situation> = {}): string {
  const given = reply(text, situation);
  return given.type === 'answer' ? given.text : `calls ${given.calls.map(({ name }) => name).join(', ')}`;
}

function declare(...names: string[]) {
  return names.map((name) => ({ name, nonBlocking: false }));
}

describe('the offline agent', () => {
  test.each(['hello', 'Hi there!', 'good morning', 'Hey'])('greets when greeted with %s', (text) => {
    expect(answer(text)).toMatch(/^Hello! I am the offline agent\./);
  });

  test.each(['', 'tell me a joke', '你好', '🙂', 'history'])('says what one can try when told %j', (text) => {
    expect(answer(text)).toBe(
      'I am the offline agent. Ask me the time, ask me to count to twenty, or just speak. Set GOOGLE_API_KEY to talk with the real model.',
    );
  });

  test.each(['what time is it?', "What's the time", 'tell me the time please', 'current time'])(
    'asks the clock when asked %s',
    (text) => {
      expect(answer(text, { functions: declare('get_weather', 'current_time') })).toBe('calls current_time');
      expect(answer(text)).toBe('I have no tool for the time.');
    },
  );

  test.each([
    ['count to three', 'One, two, three.'],
    ['Please count to 5!', 'One, two, three, four, five.'],
    ['count from 1 to two', 'One, two.'],
    ['count to 0', 'One.'],
  ])('counts when told %s', (text, counted) => {
    expect(answer(text)).toBe(counted);
  });

  test('does not make a call again that it is told was made, and tells what it returned', () => {
    const text = 'get weather\n(get_weather was called for this, and returned {"output":"sunny"})';
    expect(answer(text, { functions: declare('get_weather') })).toBe('The tool answered: sunny');
  });

  test('counts to thirty at most', () => {
    expect(answer('count to a hundred')).toMatch(/nine, ten\.$/);
    expect(answer('count to 100')).toMatch(/^I count to thirty at most\. One, .* twenty-nine, thirty\.$/);
    expect(answer('count to twenty please')).toMatch(/nineteen, twenty\.$/);
  });

  test.each([
    ['get weather', ['get_weather']],
    ['call get_weather now', ['get_weather']],
    ['Weather: get it', ['get_weather']],
    ['roll the die', ['rollDie']],
    ['please roll a die and get the weather', ['get_weather', 'rollDie']],
    ['weather', ['offline agent']],
  ])('calls the functions whose names are in %j', (text, expected) => {
    const said = answer(text, { functions: declare('get_weather', 'rollDie') });
    for (const part of expected) expect(said).toContain(part);
  });

  test('calls the function with the fuller name, if one is part of the other', () => {
    expect(answer('get weather forecast', { functions: declare('get_weather', 'get_weather_forecast') })).toBe(
      'calls get_weather_forecast',
    );
  });

  test('takes arguments from JSON in the text, whose words do not name functions', () => {
    const given = reply('get weather {"city":"Oslo","note":"roll die"}', {
      functions: declare('get_weather', 'roll_die'),
    });
    expect(given).toEqual({
      type: 'call',
      calls: [{ name: 'get_weather', args: { city: 'Oslo', note: 'roll die' }, nonBlocking: false }],
    });
    expect(reply('get weather {oops}', { functions: declare('get_weather') })).toMatchObject({ calls: [{ args: {} }] });
  });

  test('knows what was said before, typed or spoken', () => {
    const history = [
      { role: 'user', text: 'first' },
      { role: 'user', text: '2.3 s of speech', speechSeconds: 2.3 },
      { role: 'model', text: 'mine' },
    ] as const;
    expect(answer('what did I say?', { history })).toBe('You said: 2.3 s of speech');
    expect(answer('What did I just say', { history: history.slice(0, 1) })).toBe('You said: first');
    expect(answer('what did I say?')).toBe('You said nothing before.');
  });

  test('does not pretend to search', () => {
    expect(answer('search for cats', { canSearch: true })).toMatch(/^I cannot search offline\./);
    expect(answer('any news?', { canSearch: true })).toMatch(/^I cannot search offline\./);
    expect(answer('search for cats')).toContain('offline agent');
  });

  test.each([
    [2.3, 'You spoke for two point three seconds. This is what I heard.'],
    [1, 'You spoke for one second. This is what I heard.'],
    [12.04, 'You spoke for twelve seconds. This is what I heard.'],
    [0.02, 'You spoke for zero point one seconds. This is what I heard.'],
  ])('plays back speech of %d s', (speechSeconds, text) => {
    expect(reply('', { speechSeconds })).toEqual({ type: 'answer', text, playsBack: true });
  });

  test('says of an activity without sound that it heard nothing', () => {
    expect(answer('', { speechSeconds: 0 })).toBe('I heard nothing.');
  });

  test('tells what image it received', () => {
    const images = [{ mimeType: 'image/webp', bytes: 123_456 }];
    expect(answer('what is this', { images })).toBe('I received an image: WebP, 121 kilobytes.');
    expect(answer('', { images, speechSeconds: 1 })).toBe(
      'You spoke for one second. I received an image: WebP, 121 kilobytes. This is what I heard.',
    );
  });
});

describe('tellOutcomes', () => {
  test.each([
    [{ time: '2026-11-23T14:35:10.123Z' }, 'It is 14:35.'],
    [{ utc: '2026-11-23T13:35:10Z', local: '2026-11-23 14:35' }, 'It is 14:35.'],
    [{ result: { text: 'Monday, 02:05 pm in Paris' } }, 'It is 2:05 PM.'],
    [{ output: 'half past two' }, 'The tool answered: half past two'],
  ])('finds the time of day in %j', (response, told) => {
    expect(tellOutcomes([{ name: 'current_time', response }])).toBe(told);
  });

  test.each([
    [{ output: 'sunny' }, 'The tool answered: sunny'],
    [{ result: 22 }, 'The tool answered: 22'],
    [{ a: 1 }, 'The tool answered: {"a":1}'],
    [{ error: 'no such city' }, 'The tool failed: no such city'],
    [undefined, 'The tool did not answer.'],
  ])('tells the response %j', (response, told) => {
    expect(tellOutcomes([{ name: 'get_weather', response }])).toBe(told);
  });

  test('cuts a response of more than 1,000 characters', () => {
    expect(tellOutcomes([{ name: 'f', response: { output: 'x'.repeat(5_000) } }]).length).toBeLessThan(1_100);
  });
});
