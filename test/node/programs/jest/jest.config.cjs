/** Jest as a user of the door has it: our own configuration, but what is loaded for every test. */
module.exports = {
  ...require('../../../../jest.config.js'),
  rootDir: '../../../..',
  setupFilesAfterEnv: [],
  testMatch: ['<rootDir>/test/node/programs/jest/*.jest.ts'],
};
