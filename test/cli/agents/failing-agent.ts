/** An agent file that cannot be imported. */
throw new Error('the weights are at home');
