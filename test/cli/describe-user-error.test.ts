import { describe, expect, test } from '@jest/globals';
import { describeUserError } from '../../src/cli/describe-user-error.ts';
import { AgentFileError } from '../../src/cli/load-agent.ts';
import { ConfigError } from '../../src/config.ts';
import { UnsupportedNodeError } from '../../src/node-version.ts';
import { WireError } from '../../src/wire/wire-error.ts';

const withCode = (message: string, code: unknown) => Object.assign(new Error(message), { code });

describe('describeUserError', () => {
  test.each([
    [new ConfigError('PORT: bad'), 'PORT: bad'],
    [new AgentFileError('There is no agent file x'), 'There is no agent file x'],
    [new UnsupportedNodeError('bidi-sse needs Node 24'), 'bidi-sse needs Node 24'],
    [new WireError('model_not_found', 'No such model', 'set DEMO_AGENT_MODEL'), 'No such model; set DEMO_AGENT_MODEL'],
    [
      withCode('listen EADDRINUSE: address already in use ::1:1', 'EADDRINUSE'),
      /^address already in use ::1:1: .*--port/,
    ],
    [withCode('listen EADDRNOTAVAIL', 'EADDRNOTAVAIL'), /not an address of this machine; .*--host/],
    [withCode('listen EACCES: permission denied', 'EACCES'), 'listen EACCES: permission denied'],
    [
      withCode("Unknown option '--prot'", 'ERR_PARSE_ARGS_UNKNOWN_OPTION'),
      'There is no option --prot. --help describes all options',
    ],
  ])('describes %s, and leaves the error as it was', (error, description) => {
    const { message } = error;
    expect(describeUserError(error)).toEqual(
      typeof description === 'string' ? description : expect.stringMatching(description),
    );
    // A second look at the same error gives the same text.
    expect(describeUserError(error)).toBe(describeUserError(error));
    expect(error.message).toBe(message);
  });

  test.each([[new TypeError('x is not a function')], [withCode('aborted', 20)], ['a string'], [undefined]])(
    'leaves %s to the program: it is no fault of the user',
    (error) => {
      expect(describeUserError(error)).toBeUndefined();
    },
  );
});
