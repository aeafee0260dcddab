import "../kit/tokens.css";
import "./register.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startWords } from "../kit/words";
import { App } from "./app";

await startWords({ ...import.meta.glob("./words.*.json"), ...import.meta.glob("../kit/words.*.json") });
const root = document.getElementById("root");
if (root === null) throw new Error("the page has no place for the app");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
