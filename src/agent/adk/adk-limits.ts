import type { LiveRequest } from '../../wire/live-request.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { RunConfig } from '../run-config.ts';

/** Fields of a request that the Runner of ADK 2.0 can be told, or that the adapter carries out with what ADK has. The live session applies `configure`. */
type AcceptedField =
  | 'content'
  | 'blob'
  | 'activity_start'
  | 'activity_end'
  | 'audio_stream_end'
  | 'close'
  | 'configure'
  | 'pictures'
  | 'pictureData';

interface RefusedField {
  readonly error: string;
  readonly hint: string;
}

/** Requests that are refused, by field: ADK's LiveRequest has nothing for them. A new field of LiveRequest needs a decision here. */
export const REFUSED_REQUESTS: Readonly<Record<Exclude<keyof LiveRequest, AcceptedField>, RefusedField>> = {
  interrupt: {
    error: "ADK's Runner cannot stop a reply",
    hint: 'speak: a model that detects speech stops when it hears the user',
  },
  partial: {
    error: "ADK's Runner has no incomplete messages",
    hint: 'send the message when it is complete, without partial',
  },
  state_delta: {
    error: "ADK's LiveRequest (TypeScript) has no changes of state",
    hint: 'change the state in a tool or a callback of the agent',
  },
  tool_confirmations: {
    error: "The live mode of ADK's Runner asks for no confirmation",
    hint: 'leave the answer out: no call waits for it',
  },
  tool_results: {
    error: "ADK's Runner runs all tools on the server",
    hint: 'leave the result out: no tool of this agent runs in a client',
  },
  respond: {
    error: "ADK's Runner cannot be asked for an answer",
    hint: 'send a message: the model answers it at once',
  },
};

/** Settings that are refused, with the reason. ADK's RunConfig, or its live mode, has nothing for them. */
export const REFUSED_SETTINGS: Readonly<Partial<Record<keyof RunConfig, string>>> = {
  sessionResumption: 'its RunConfig has no such field, and a lost connection ends the run',
  thinkingConfig: 'its live mode sends no thinking level',
  explicitVadSignal: 'its RunConfig has no such field',
  saveLiveBlob: 'its live mode stores no audio',
  customMetadata: 'its RunConfig has no such field; set the metadata in a plugin',
  getSessionConfig: 'it reads all events of the session',
  toolTimeoutMs: 'it waits for a tool as long as the tool takes; set a limit in the tool',
  watchdog: 'only firstOutputMs can be set, after which a model that answers nothing is reported',
};

/**
 * Checks that ADK's Runner can carry out a request.
 * @throws {WireError} not_supported
 */
export function checkAdkRequest(request: LiveRequest): void {
  for (const field in request) {
    const refused = (REFUSED_REQUESTS as Readonly<Record<string, RefusedField>>)[field];
    if (refused) throw new WireError('not_supported', refused.error, refused.hint);
  }
}

/**
 * Checks that ADK's Runner has every setting of a config.
 * @throws {WireError} invalid_run_config
 */
export function checkAdkSettings(config: RunConfig): void {
  const problems = Object.entries(REFUSED_SETTINGS).flatMap(([field, reason]) => {
    const value = field === 'watchdog' ? readUnknownLimit(config) : config[field as keyof RunConfig];
    return value === undefined || value === null || value === false
      ? []
      : [`RunConfig.${field}: ADK's Runner cannot: ${reason}`];
  });
  if (problems.length > 0) throw new WireError('invalid_run_config', problems.join('; '));
}

/** @returns a limit of the watchdog that has no effect; `undefined`: there is none */
function readUnknownLimit({ watchdog }: RunConfig): number | undefined {
  const { firstOutputMs: _, ...others } = watchdog ?? {};
  return Object.values(others).find((limit) => limit !== undefined);
}
