import { type AgentCallbacks, type CalledTool, callUntilAnswered } from '../callbacks.ts';
import { isAsyncGenerator } from '../is-async-generator.ts';
import type { RunnableTool } from './tool-execution.ts';
import { toToolAnswer } from './tool-response.ts';

/**
 * Creates a tool that runs between the callbacks of its agent. A callback that throws, or never returns, is like a tool that does: the model receives
 * an error, and a tool whose call it precedes does not run. No callback sees the values of an async generator.
 */
export function wrapInCallbacks(
  tool: RunnableTool,
  called: CalledTool,
  { beforeTool, afterTool }: Pick<AgentCallbacks, 'beforeTool' | 'afterTool'>,
): RunnableTool {
  if (beforeTool.length === 0 && afterTool.length === 0) return tool;
  return {
    ...tool,
    async run(given, context) {
      const args = given as Record<string, unknown>; // arguments of a call are an object
      const replaced = await callUntilAnswered(beforeTool, (callback) => callback({ tool: called, args, context }));
      const result = replaced ?? (await tool.run?.(args, context));
      if (afterTool.length === 0 || isAsyncGenerator(result)) return result;
      const { response } = toToolAnswer(result);
      return (
        (await callUntilAnswered(afterTool, (callback) => callback({ tool: called, args, context, response }))) ??
        result
      );
    },
  };
}
