import { describe, expect, test } from '@jest/globals';
import { chooseReply, describeOutcomes, type Reply, type Situation } from '../../src/emulator/offline-agent.ts';

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
  return chooseReply({ ...QUIET, text, ...situation });
}

function answer(text: string, situation: Partial<Situation> = {}): string {
  const given = reply(text, situation);
  return given.type === 'answer' ? given.text : `calls ${given.calls.map(({ name }) => name).join(', ')}`;
}

function declare(...names: string[]) {
  return names.map((name) => ({ name, description: '', nonBlocking: false, takesArguments: true }));
}

describe('the offline agent', () => {
  test.each(['hello', 'Hi there!', 'good morning', 'Hey'])('answers the greeting %s with a greeting', (text) => {
    expect(answer(text)).toMatch(/^Hello! I am the offline agent\./);
  });

  test.each(['', 'tell me a joke', '你好', '🙂', 'history'])('suggests what to try in answer to %j', (text) => {
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
  ])('counts in answer to %s', (text, counted) => {
    expect(answer(text)).toBe(counted);
  });

  test('does not repeat a call whose result the message reports, and describes that result', () => {
    const text = 'get weather\n(get_weather was called for this, and returned {"output":"sunny"})';
    expect(answer(text, { functions: declare('get_weather') })).toBe('The tool answered: sunny');
  });

  test.each([
    ['Will it rain in Oslo?', 'calls weather_report'],
    ['roll a dice', 'calls dice'],
    ['is there a forecast', 'calls weather_report'],
    ['Roll it again', 'calls dice'],
    ['rolling, rolling', 'calls dice'],
    ['Is it raining?', 'calls weather_report'],
    ['a die, please', 'calls one_die'],
    ['thanks', 'You are welcome.'],
  ])('calls the function whose description has a word of %j', (text, called) => {
    const functions = [
      { ...declare('weather_report')[0], description: 'Tells whether it will rain: the forecast for a city.' },
      { ...declare('dice')[0], description: 'Rolls a dice and returns the number.' },
      { ...declare('one_die')[0], description: 'Throws one die, with thanks to the user.' },
    ] as ReturnType<typeof declare>;
    expect(answer(text, { functions })).toBe(called);
  });

  test.each(['one', 'two', 'what can you do for me now', 'is it new?'])(
    'calls no function for %j, whose words say nothing about one',
    (text) => {
      const functions = [
        { ...declare('dice')[0], description: 'Rolls one die for you. What can it do for you now? New!' },
      ];
      expect(answer(text, { functions: functions as ReturnType<typeof declare> })).toContain('I can call dice');
    },
  );

  test('lists functions among its suggestions, with words that call each', () => {
    const functions = declare('roll_dice', 'getWeather', 'a', 'b');
    const suggested = answer('what can you do', { functions });
    expect(suggested).toContain("I can call roll_dice: say 'roll dice'. I can call getWeather: say 'get weather'.");
    expect(suggested).not.toContain('I can call b');
    expect(answer('roll dice', { functions })).toBe('calls roll_dice');
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
  ])('calls the functions that %j names', (text, expected) => {
    const said = answer(text, { functions: declare('get_weather', 'rollDie') });
    for (const part of expected) expect(said).toContain(part);
  });

  test('calls only the function with the longer name if one name contains the other', () => {
    expect(answer('get weather forecast', { functions: declare('get_weather', 'get_weather_forecast') })).toBe(
      'calls get_weather_forecast',
    );
  });

  test('reads arguments from JSON in the text and finds no function names inside the JSON', () => {
    const given = reply('get weather {"city":"Oslo","note":"roll die"}', {
      functions: declare('get_weather', 'roll_die'),
    });
    expect(given).toEqual({
      type: 'call',
      calls: [{ name: 'get_weather', args: { city: 'Oslo', note: 'roll die' }, nonBlocking: false }],
    });
    expect(reply('get weather {oops}', { functions: declare('get_weather') })).toMatchObject({ calls: [{ args: {} }] });
  });

  test('passes the values of a list that the text contains, unless the agent does not know the parameters', () => {
    const choices = new Map([
      ['city', ['Oslo', 'Lima']],
      ['unit', ['kelvin']],
    ]);
    const declared = { name: 'get_weather', description: '', nonBlocking: false, choices };
    const argumentsOf = (takesArguments: boolean) => {
      const given = reply('get the weather in oslo', { functions: [{ ...declared, takesArguments }] });
      return given.type === 'call' ? given.calls[0]?.args : undefined;
    };
    expect(argumentsOf(true)).toEqual({ city: 'Oslo' });
    expect(argumentsOf(false)).toEqual({});
  });

  test('calls no function that needs one of several values if the text has none of them', () => {
    const choices = new Map([['agent_name', ['billing', 'sales']]]);
    const [declared] = declare('transfer_to_agent');
    const functions = declared ? [{ ...declared, choices, required: ['agent_name'] }] : [];
    expect(reply('transfer to agent sales', { functions })).toMatchObject({
      calls: [{ args: { agent_name: 'sales' } }],
    });
    expect(reply('transfer to agent', { functions }).type).toBe('answer');
  });

  test('chooses the value that its instruction describes with most words of the text', () => {
    const choices = new Map([['agent_name', ['billing', 'sales']]]);
    const [declared] = declare('transfer_to_agent');
    const functions = declared ? [{ ...declared, choices }] : [];
    const instruction = 'You help.\n- billing: Answers questions on bills.\n- sales: Sells new phones.';
    expect(reply('why is my bill so high', { functions, instruction })).toMatchObject({
      calls: [{ name: 'transfer_to_agent', args: { agent_name: 'billing' } }],
    });
    expect(reply('thanks', { functions, instruction }).type).toBe('answer');
  });

  test('quotes the previous message of the user, typed or spoken', () => {
    const history = [
      { role: 'user', text: 'first' },
      { role: 'user', text: '2.3 s of speech', speechSeconds: 2.3 },
      { role: 'model', text: 'mine' },
    ] as const;
    expect(answer('what did I say?', { history })).toBe('You said: 2.3 s of speech');
    expect(answer('What did I just say', { history: history.slice(0, 1) })).toBe('You said: first');
    expect(answer('what did I say?')).toBe('You said nothing before.');
  });

  test('says that it cannot search offline', () => {
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

  test('says that it heard nothing after an activity without audio', () => {
    expect(answer('', { speechSeconds: 0 })).toBe('I heard nothing.');
  });

  test('names the type and size of an image', () => {
    const images = [{ mimeType: 'image/webp', bytes: 123_456 }];
    expect(answer('what is this', { images })).toBe('I received an image: WebP, 121 kilobytes.');
    expect(answer('', { images, speechSeconds: 1 })).toBe(
      'You spoke for one second. I received an image: WebP, 121 kilobytes. This is what I heard.',
    );
  });
});

describe('describeOutcomes', () => {
  test.each([
    [{ time: '2026-11-23T14:35:10.123Z' }, 'It is 14:35.'],
    [{ utc: '2026-11-23T13:35:10Z', local: '2026-11-23 14:35' }, 'It is 14:35.'],
    [{ result: { text: 'Monday, 02:05 pm in Paris' } }, 'It is 2:05 PM.'],
    [{ output: 'half past two' }, 'The tool answered: half past two'],
  ])('finds the time of day in %j', (response, told) => {
    expect(describeOutcomes([{ name: 'current_time', response }])).toBe(told);
  });

  test.each([
    [{ output: 'sunny' }, 'The tool answered: sunny'],
    [{ result: 22 }, 'The tool answered: 22'],
    [{ a: 1 }, 'The tool answered: {"a":1}'],
    [{ error: 'no such city' }, 'The tool failed: no such city'],
    [undefined, 'The tool did not answer.'],
  ])('describes the response %j', (response, told) => {
    expect(describeOutcomes([{ name: 'get_weather', response }])).toBe(told);
  });

  test('truncates a response of more than 1,000 characters', () => {
    expect(describeOutcomes([{ name: 'f', response: { output: 'x'.repeat(5_000) } }]).length).toBeLessThan(1_100);
  });
});
