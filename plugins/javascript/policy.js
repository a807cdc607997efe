// A policy in JavaScript: a listed profession, within one practice, from a least level on. Its rules are examples.
//
// The file is a plain module without imports: the component tools put an engine around it, and Node runs its vectors natively.
// There is no clock, network, file or randomness inside; `request.now` is the time. Numbers of 64 bits arrive as BigInt.

const LEVELS = ['eidas1', 'eidas2', 'eidas3'];

const REASONS = {
  'JS-ADMITTED': ['Accès accordé au titre de votre profession.', 'Access granted for your profession.'],
  'JS-LEVEL-TOO-LOW': [
    'Ce service demande une authentification plus forte. Reconnectez-vous avec votre carte.',
    'This service asks for a stronger login. Log in again with your card.',
  ],
  'JS-PROFESSION-NOT-LISTED': [
    "Ce service n'est pas ouvert à votre profession. Choisissez un autre exercice si vous en avez un.",
    'This service is not open to your profession. Choose another practice if you have one.',
  ],
  'LOGIN-REQUIRED': ['Connectez-vous avec Pro Santé Connect pour continuer.', 'Log in with Pro Santé Connect to continue.'],
};

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  required: ['professions'],
  properties: {
    professions: { type: 'array', minItems: 1, items: { type: 'string' } },
    level: { enum: LEVELS, default: 'eidas1' },
  },
};

function answer(effect, reasonCode, obligations = []) {
  const [french, english] = REASONS[reasonCode];
  const reasonUser = [{ language: 'fr', message: french }, { language: 'en', message: english }];
  return { effect, reasonCode, reasonAdmin: undefined, reasonUser, obligations };
}

// What lies in a prototype is no setting: `toString` is no member that anybody knows.
function read(settings) {
  const written = JSON.parse(settings || '{}');
  if (written === null || typeof written !== 'object' || Array.isArray(written)) {
    throw [{ path: '', message: 'expected an object' }];
  }
  return { level: 'eidas1', ...written };
}

export const lifecycle = {
  describe() {
    return {
      name: 'javascript',
      version: '0.1.0',
      summary: 'Lets in listed professions from a least level on; a sample in JavaScript whose rules are examples.',
      needsLogin: true,
      settingsSchema: JSON.stringify(SCHEMA),
      reasonCodes: Object.keys(REASONS),
    };
  },

  // What is thrown is the error of the contract: a list of places and what is expected there.
  validateSettings(settings) {
    let wanted;
    try {
      wanted = read(settings);
    } catch (problem) {
      throw problem instanceof SyntaxError ? [{ path: '', message: 'this is not JSON' }] : problem;
    }
    const errors = Object.keys(wanted)
      .filter((name) => !Object.hasOwn(SCHEMA.properties, name))
      .map((name) => ({ path: `/${name}`, message: 'unknown member; known here: professions, level' }));
    const { professions, level } = wanted;
    if (!Array.isArray(professions) || professions.length === 0) {
      errors.push({ path: '/professions', message: 'name at least one profession' });
    } else {
      professions.forEach((code, index) => {
        if (typeof code !== 'string') errors.push({ path: `/professions/${index}`, message: 'expected a string' });
      });
    }
    if (!LEVELS.includes(level)) errors.push({ path: '/level', message: 'expected one of: eidas1, eidas2, eidas3' });
    if (errors.length > 0) throw errors;
  },
};

export const decide = {
  evaluate(settings, request) {
    const { professions, level } = read(settings);
    const { login } = request;
    if (login === undefined) return answer('deny', 'LOGIN-REQUIRED');
    // A login without a level has place -1: below every level, and not the lowest one.
    if (LEVELS.indexOf(login.level) < LEVELS.indexOf(level)) {
      const properties = JSON.stringify({ acr_value: level });
      return answer('deny', 'JS-LEVEL-TOO-LOW', [{ id: 'step-up', kind: 'step-up', properties }]);
    }
    const { practices, actingAs } = login.identity;
    const counting = practices.filter((_, index) => actingAs === undefined || actingAs === index);
    const listed = counting.some(({ profession }) => profession !== undefined && professions.includes(profession));
    return listed ? answer('permit', 'JS-ADMITTED') : answer('deny', 'JS-PROFESSION-NOT-LISTED');
  },
};
