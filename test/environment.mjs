import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

// Each suite loads several hundred modules into a global scope of its own. Jest makes that expensive in three ways: the tests took nearly twice as
// much processor time before this module changed them. Jest loads it once in each of its processes.

const { createContext, SourceTextModule, compileFunction } = vm;

/** Compiled form of each file, which V8 loads into another global scope in a fraction of the time that it takes to compile the source. */
const compiledFiles = new Map();

/**
 * Jest's environment for Node with an ordinary global scope. By default a Proxy stands behind the global scope of a suite, and V8 asks it for `Math`,
 * `Promise` or `JSON` whenever code uses them: a loop over samples of audio takes thirty times as long.
 */
export default class Environment extends TestEnvironment {
  constructor(config, context) {
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
}

// V8 keeps compiled scripts, in case the same script is compiled again. Those of Jest are never found there, because each suite has a loader of its
// own. But they hold the global scope of their suite with all its modules, 11 MB for each suite, which every collection of garbage then visits.
setFlagsFromString('--no-compilation-cache');

/** Compiles ES modules, each source once. */
vm.SourceTextModule = new Proxy(SourceTextModule, {
  construct(_target, [code, options]) {
    const cachedData = findCompiled(options.identifier, code);
    if (cachedData) {
      try {
        return new SourceTextModule(code, { ...options, cachedData });
      } catch (error) {
        // V8 rejects what it compiled before a test set a flag of V8.
        if (error.code !== 'ERR_VM_MODULE_CACHED_DATA_REJECTED') throw error;
      }
    }
    const module = new SourceTextModule(code, options);
    storeCompiled(options.identifier, code, () => module.createCachedData());
    return module;
  },
});

/** Compiles CommonJS modules, each source once. */
vm.compileFunction = (code, parameters, options) => {
  const cachedData = findCompiled(options.filename, code);
  const compiled = compileFunction(code, parameters, { ...options, cachedData, produceCachedData: !cachedData });
  if (compiled.cachedData) storeCompiled(options.filename, code, () => compiled.cachedData);
  else if (compiled.cachedDataRejected) compiledFiles.delete(options.filename);
  return compiled;
};

function findCompiled(file, code) {
  const stored = compiledFiles.get(file);
  return stored?.code === code ? stored.cachedData : undefined;
}

function storeCompiled(file, code, createCachedData) {
  // A process loads the file of a suite only once.
  if (file.endsWith('.test.ts')) return;
  // The buffer that V8 returns can belong to the global scope of the suite, which it would keep in memory. The copy does not.
  compiledFiles.set(file, { code, cachedData: Buffer.from(createCachedData()) });
}
