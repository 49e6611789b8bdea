"""The paper's experiments, a module each: tasks(protocol) says what is to be run, section(results) what came out."""
