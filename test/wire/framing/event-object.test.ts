import { expect, test } from '@jest/globals';
import { encodeEventObject } from '../../../src/wire/framing/event-object.ts';

test('encodeEventObject writes id, name and data of a named event, and no name for an unnamed one', () => {
  const data = { text: 'a "quoted" line\n', list: [1, null] };
  const json = JSON.stringify(data);
  expect(JSON.parse(encodeEventObject('epoch.7', 'usage', json))).toEqual({ id: 'epoch.7', event: 'usage', data });
  expect(Object.keys(JSON.parse(encodeEventObject('epoch.7-1', undefined, json)))).toEqual(['id', 'data']);
});
