/** SQL files are imported as their text (esbuild's text loader; test/sql-transform.cjs in the tests). */
declare module '*.sql' {
  const text: string;
  export default text;
}
