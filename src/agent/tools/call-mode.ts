import type { ToolDeclaration } from '../../models/realtime-model.ts';
import { describeError } from '../../wire/error-text.ts';
import type { ClientToolResult } from '../../wire/live-request.ts';
import { readResultImages } from '../../wire/result-images.ts';
import { ToolOutput } from '../../wire/tool-output.ts';
import { PENDING_RESPONSE, type Tool, type ToolScheduling } from '../tool.ts';
import type { RunnableTool } from './tool-execution.ts';
import { type ToolAnswer, toToolAnswer } from './tool-response.ts';

/** How the results of a call come, and when the model is told those for which it does not wait. */
export interface CallMode {
  /**
   * - `waiting`: the model waits for the result.
   * - `scheduled`: the first response says that the result is pending; the tool, or a client, has the result later.
   * - `streaming`: the same, with any number of results.
   * - `long_running`: what the tool returns is the first response, and an app has the result later.
   */
  readonly kind: 'waiting' | 'scheduled' | 'streaming' | 'long_running';
  readonly scheduling: ToolScheduling;
}

/** Declares a tool for a model. @param scheduling whether the model can be told that it need not wait for the results */
export function declareTool({ declaration, ...tool }: Tool, scheduling: boolean): ToolDeclaration {
  const isBackground = tool.isStreaming || tool.isLongRunning || tool.scheduling !== undefined;
  if (!scheduling || !isBackground || declaration.type !== 'function') return declaration;
  return { ...declaration, nonBlocking: true };
}

/** @param isClientCall whether clients run the call, whose arguments are valid then */
export function findMode(tool: Tool | undefined, isClientCall: boolean): CallMode {
  const scheduling = tool?.scheduling ?? 'WHEN_IDLE';
  if (!tool || (tool.where === 'client' && !isClientCall)) return { kind: 'waiting', scheduling };
  if (tool.isStreaming) return { kind: 'streaming', scheduling };
  if (tool.isLongRunning) return { kind: 'long_running', scheduling };
  return { kind: tool.scheduling === undefined ? 'waiting' : 'scheduled', scheduling };
}

/** Whether an answer is an error: the call did not run, or has begun nothing, and no result follows. */
export function isError(answer: ToolAnswer | undefined): boolean {
  return answer !== undefined && 'error' in answer.response;
}

/** Creates the first response of a long-running tool: its result, or that the result is pending if there is none. */
export function toFirstAnswer(answer: ToolAnswer | undefined): ToolAnswer {
  const { response = {}, images = [] } = answer ?? {};
  const isNothing = answer === undefined || ('result' in response && response.result === null && images.length === 0);
  return isNothing ? { response: PENDING_RESPONSE } : answer;
}

/** Results of an app are as limited as those of a tool. */
export function limitResult(result: ClientToolResult): ToolAnswer {
  try {
    return toToolAnswer(toOutput(result));
  } catch (error) {
    return { response: { error: describeError(error) } };
  }
}

/** @throws {TypeError} if a picture is none */
function toOutput({ response, images = [] }: ClientToolResult): unknown {
  return images.length > 0 ? new ToolOutput(response, readResultImages(images)) : response;
}

/** Creates what waits for the result of a client. Without `answered` the arguments are invalid, and the model receives the error. */
export function runInClient(
  { checkArguments, timeoutMs }: Tool,
  answered: Promise<ClientToolResult> | undefined,
): RunnableTool {
  const run = async (args: unknown) => {
    if (!answered) checkArguments?.(args);
    const result = await answered;
    return result && toOutput(result);
  };
  return timeoutMs === undefined ? { run } : { run, timeoutMs };
}

/** Creates what runs in place of a tool that cannot be called: the model receives the error. */
export function refuse(error: string): RunnableTool {
  return { run: async () => ({ error }) };
}
