import { setTimeout as delay } from 'node:timers/promises';
import { isRecord } from '../../wire/record.ts';
import type { Tool } from '../tool.ts';

/** Maximum wait for a streaming tool to end, in ms. */
const STOP_MS = 1_000;
/** Maximum length of a name in an answer, in characters. The model chooses the name. */
const MAX_NAME = 100;

/** Answer to a call of `stop_streaming`. The texts are ADK's. */
export interface StopStreamingAnswer {
  readonly status: string;
}

/** The function by which the model stops a streaming tool. Declared for every run that has streaming tools; `ToolCalls` runs it. */
export const stopStreaming: Tool = {
  declaration: {
    type: 'function',
    name: 'stop_streaming',
    description: 'Stops a function that is running and sends results again and again.',
    parameters: {
      type: 'object',
      properties: { function_name: { type: 'string', description: 'Name of the function to stop.' } },
      required: ['function_name'],
    },
  },
};

/**
 * Adds `stop_streaming` to the tools of a run that has streaming tools. An empty function of this name, which ADK needs, is replaced.
 * @returns the tools as they are, if none of them streams
 */
export function addStopStreaming(tools: readonly Tool[]): readonly Tool[] {
  if (!tools.some(({ isStreaming }) => isStreaming)) return tools;
  const { declaration: own } = stopStreaming;
  const others = tools.filter(
    ({ declaration }) => !('name' in declaration && 'name' in own && declaration.name === own.name),
  );
  return [...others, stopStreaming];
}

/** @returns the name in the arguments that the model has sent, or '' */
export function readFunctionName(args: unknown): string {
  return isRecord(args) && typeof args.function_name === 'string' ? args.function_name : '';
}

/**
 * Waits until the code of stopped calls has ended, at most 1 s. Nothing of them reaches the model in either case.
 * @param count number of calls that were stopped
 */
export async function stopWithin(name: string, count: number, ended: Promise<unknown>): Promise<StopStreamingAnswer> {
  const shown = name.slice(0, MAX_NAME);
  if (count === 0) return { status: `No active streaming function named ${shown} found` };
  const abort = new AbortController();
  const hasEnded = await Promise.race([
    ended.then(() => true),
    delay(STOP_MS, false, { signal: abort.signal, ref: false }).catch(() => false),
  ]);
  abort.abort();
  return {
    status: hasEnded
      ? `Successfully stopped streaming function ${shown}`
      : `The task is not cancelled yet for ${shown}.`,
  };
}
