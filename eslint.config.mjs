import tseslint from 'typescript-eslint';
import rxjsX from 'eslint-plugin-rxjs-x';

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**'] },
  {
    files: ['{src,operators,protocols,marbles,examples,bench,test}/**/*.ts'],
    extends: [tseslint.configs.base, rxjsX.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
  },
);
