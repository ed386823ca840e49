import { describe, expect, test } from '@jest/globals';
import { copyForeignEvent } from '../../src/session/foreign-event.ts';
import { adkDialect } from '../../src/wire/dialects/adk.ts';
import { agentScopeDialect } from '../../src/wire/dialects/agentscope.ts';
import { plainDialect } from '../../src/wire/dialects/plain.ts';

const STAMP = { id: '1', invocationId: 'e-1', author: 'agent', timestamp: 1 };
const DIALECTS = [plainDialect, adkDialect, agentScopeDialect];

describe('an event of a runner that is not ours', () => {
  test.each([
    { content: null },
    { content: { role: 'model', parts: null } },
    { content: { parts: [{ inlineData: null }] } },
    { toolCancellation: null, confirmToolIds: null, longRunningToolIds: null },
  ])('can be encoded in every dialect although it has null: %j', (fields) => {
    const event = copyForeignEvent({ ...STAMP, ...fields });
    for (const dialect of DIALECTS) {
      expect(() => dialect.encodeEntry({ seq: 1, turn: 1, message: { event } })).not.toThrow();
    }
  });

  test.each([{ content: { parts: [null] } }, { confirmToolIds: true }, { toolCancellation: 5 }, { author: null }])(
    'is refused if a dialect cannot encode it, or it has no author: %j',
    (fields) => {
      expect(() => copyForeignEvent({ ...STAMP, ...fields })).toThrow(TypeError);
    },
  );
});
