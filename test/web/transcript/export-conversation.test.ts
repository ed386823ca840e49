import { expect, test } from '@jest/globals';
import { en } from '../../../src/web/messages/en.ts';
import { enAnswers } from '../../../src/web/messages/en-answers.ts';
import { formatMarkdown } from '../../../src/web/transcript/export-conversation.ts';

test.each([
  ['the name of a user who has given one', 'Ann', '**Ann:** Hello\n'],
  ['"You" for a user without a name', '', '**You:** Hello\n'],
])('an export has %s at the messages', (_kind, name, markdown) => {
  const turn = { role: 'user', id: 1, text: 'Hello', spoken: false, state: 'done' } as const;
  expect(formatMarkdown([turn], { ...en, ...enAnswers }, name)).toBe(markdown);
});
