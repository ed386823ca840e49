import { resolveCallbacks } from '../../../src/agent/callbacks.ts';
import type { InvocationNames } from '../../../src/agent/invocation-context.ts';
import type { Tool, ToolContext } from '../../../src/agent/tool.ts';
import { InputCopy } from '../../../src/agent/tools/input-copy.ts';
import type { CallControl } from '../../../src/agent/tools/tool-execution.ts';
import { createCallState } from '../live-state.ts';

const INVOCATION: InvocationNames = {
  userId: 'ann',
  sessionId: 'default',
  invocationId: 'e-1',
  agentName: 'helper',
};

/** The run carries out nothing that a tool asks for. */
export const NO_CONTROL: CallControl = {
  transferToAgent: () => undefined,
  completeTask: () => undefined,
  endInvocation: () => undefined,
  refreshAgent: () => undefined,
};

/** An agent that is active, with these tools. */
export const agentWith = (...tools: Tool[]) => ({ ...INVOCATION, tools, callbacks: resolveCallbacks('helper', {}) });

/** The context of a call outside of a run. */
export function createToolContext(signal = new AbortController().signal): ToolContext {
  const nothing = () => undefined;
  return {
    ...INVOCATION,
    state: createCallState(),
    signal,
    callId: 'c1',
    input: new InputCopy(),
    transferToAgent: nothing,
    completeTask: nothing,
    endInvocation: nothing,
    refreshAgent: nothing,
  };
}
