import { expect, test } from '@jest/globals';
import { classifyCause } from '../../src/models/close-cause.ts';
import { type ErrorCode, errorCatalogue } from '../../src/wire/error-catalogue.ts';

const MODEL_CODES = (Object.keys(errorCatalogue) as ErrorCode[]).filter((code) => code.startsWith('model_'));

test.each(MODEL_CODES)(
  'classifyCause says of %s that it is transient or a quota exactly if a retry may succeed',
  (code) => {
    const mayPass = ['transient', 'quota'].includes(classifyCause(code));
    expect(mayPass).toBe(errorCatalogue[code].retry);
  },
);
