import type { Scenario, ScenarioAction, ScenarioMoment, ScenarioStep } from './scenario.ts';

/** A moment that is counted, or that there is one of. */
export type ScriptMoment = 'upgrade' | 'setup' | 'frame' | 'turn' | 'heard';

/** What a scenario says about one connection. */
export interface ConnectionScript {
  /** The moment has come (once more): what falls due now, in its order. */
  reach(moment: ScriptMoment): readonly ScenarioAction[];
  /** What falls due at a time, ms after setupComplete. */
  readonly timed: readonly { readonly ms: number; readonly action: ScenarioAction }[];
}

/** Hands out the scripts of a scenario, one for each connection in the order of the calls. */
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
