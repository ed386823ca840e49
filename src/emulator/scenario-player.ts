import type { Scenario, ScenarioAction, ScenarioMoment, ScenarioStep } from './scenario.ts';

/** A moment that a connection reports, as opposed to a time. */
export type ScriptMoment = 'upgrade' | 'setup' | 'frame' | 'turn' | 'heard';

/** The part of a scenario that concerns one connection. */
export interface ConnectionScript {
  /** Counts the moment and returns the actions that fall due at it, in order. */
  reach(moment: ScriptMoment): readonly ScenarioAction[];
  /** Actions that fall due `ms` milliseconds after setup is complete. */
  readonly timed: readonly { readonly ms: number; readonly action: ScenarioAction }[];
}

/** Returns a function that returns the script of the next connection at each call. */
export function createScenarioPlayer(scenario: Scenario): () => ConnectionScript {
  let connections = 0;
  return () => {
    const entry = scenario[connections] ?? (scenario.at(-1) === 'repeat' ? 'repeat' : []);
    connections++;
    return createScript(entry === 'repeat' ? (scenario.at(-2) ?? []) : entry);
  };
}

function createScript(entry: readonly ScenarioStep[] | 'repeat'): ConnectionScript {
  const steps = entry === 'repeat' ? [] : entry;
  const reached = { upgrade: 0, setup: 0, frame: 0, turn: 0, heard: 0 };
  return {
    reach(moment) {
      const count = ++reached[moment];
      return steps.filter(({ at }) => isAt(at, moment, count)).map((step) => step.do);
    },
    timed: steps.flatMap(({ at, do: action }) => (typeof at === 'object' && 'ms' in at ? [{ ms: at.ms, action }] : [])),
  };
}

function isAt(at: ScenarioMoment, moment: ScriptMoment, count: number): boolean {
  if (typeof at === 'string') return at === moment;
  return moment in at && Object.values(at)[0] === count;
}
